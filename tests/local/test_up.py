"""What `smallsteps up` starts with: var/'s settings, overruled in the order that .env.example tells."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from service.config import Settings
from service.local.folder_lock import locked_folder
from service.local.secrets import ensure_local_environment
from service.local.start_error import StartError
from service.local.up import demo_command, local_settings, up


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_any_setting_everything_lies_in_var(tmp_path: Path) -> None:
    settings = local_settings(tmp_path)
    assert settings["DATABASE_URL"] == f"sqlite:///{tmp_path}/smallsteps.db"
    assert settings["STORAGE_URL"] == f"file://{tmp_path}/objects"
    assert settings["BASE_URL"] == "http://localhost:8000"
    assert settings["MAILGUN_API_URL"] == "http://127.0.0.1:8025"
    assert "REDIS_URL" not in settings


def test_the_environment_counts_more_than_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/steps")
    monkeypatch.setenv("REDIS_URL", "redis://queue.example")
    monkeypatch.setenv("BASE_URL", "http://127.0.0.1:9000")
    settings = local_settings(tmp_path)
    assert settings["DATABASE_URL"] == "postgresql://db.example/steps"
    assert settings["REDIS_URL"] == "redis://queue.example"
    assert settings["BASE_URL"] == "http://127.0.0.1:9000"


def test_a_port_that_is_given_counts_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_URL", "http://127.0.0.1:9000")
    settings = local_settings(tmp_path, web_port=9100, mail_port=9125)
    assert settings["BASE_URL"] == "http://localhost:9100"
    assert settings["MAILGUN_API_URL"] == "http://127.0.0.1:9125"


def test_the_demo_s_command_names_the_ports_that_were_given(tmp_path: Path) -> None:
    assert demo_command(tmp_path, local_settings(tmp_path)).count("=") == 0
    command = demo_command(tmp_path, local_settings(tmp_path, web_port=8100, mail_port=8125))
    assert command.startswith("BASE_URL=http://localhost:8100 MAILGUN_API_URL=http://127.0.0.1:8125 ")


def test_the_secrets_are_the_ones_in_var(tmp_path: Path) -> None:
    assert ensure_local_environment(tmp_path).items() <= local_settings(tmp_path).items()


def test_it_does_not_start_beside_the_real_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGUN_API_URL", "https://api.mailgun.net")
    with pytest.raises(StartError, match="names the real provider"):
        up(tmp_path)


@pytest.mark.parametrize("which", ["web_port", "mail_port"])
def test_a_taken_port_stops_the_start_before_anything_runs(tmp_path: Path, which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as free:
        ports = {"web_port": free.getsockname()[1], "mail_port": free.getsockname()[1]}
        ports[which] = taken.getsockname()[1]
        free.close()
        with pytest.raises(StartError, match=f"Port {ports[which]} is in use"):
            up(tmp_path, **ports)
    assert not (tmp_path / "smallsteps.db").exists()


def test_a_folder_in_use_stops_the_start_before_anything_runs(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        web_port, mail_port = one.getsockname()[1], two.getsockname()[1]
    with (
        locked_folder(tmp_path, address="http://127.0.0.1:8000"),
        pytest.raises(StartError, match=r"already runs in this folder, at http://127\.0\.0\.1:8000"),
    ):
        up(tmp_path, web_port=web_port, mail_port=mail_port)
    assert not (tmp_path / "smallsteps.db").exists()
