"""var/local.env: made once, whole, and only for its owner."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from service.config import Settings
from service.local.secrets import ensure_local_environment
from service.local.start_error import StartError


def test_the_settings_are_found_again_and_never_made_twice(tmp_path: Path) -> None:
    first = ensure_local_environment(tmp_path / "var")
    assert ensure_local_environment(tmp_path / "var") == first


def test_two_machines_share_no_secret(tmp_path: Path) -> None:
    one, other = ensure_local_environment(tmp_path / "one"), ensure_local_environment(tmp_path / "other")
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "MAILGUN_API_KEY", "MAILGUN_SIGNING_KEY"):
        assert one[name] != other[name], name


def test_only_their_owner_can_read_them(tmp_path: Path) -> None:
    ensure_local_environment(tmp_path / "var")
    assert (tmp_path / "var" / "local.env").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_the_service_starts_with_them_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ensure_local_environment(tmp_path)
    for name in made:
        monkeypatch.delenv(name, raising=False)
    settings = Settings(_env_file=tmp_path / "local.env")
    assert settings.is_local
    assert len(settings.keys) == 1
    assert settings.secret_key == made["SECRET_KEY"]
    assert settings.mail_from == "hello@mail.smallsteps.example"


def test_starts_that_race_end_up_with_the_same_secrets(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        made = pool.map(ensure_local_environment, [tmp_path / "var"] * 8)
    assert all(each == made[0] for each in made)
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["local.env"]


@pytest.mark.parametrize("var", ["file", "file/below"], ids=["a file in its place", "a file above it"])
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, var: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"^.*cannot be used: .*\. It must be a folder that you may write\.$"):
        ensure_local_environment(tmp_path / var)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_missing_right_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o500)
    with pytest.raises(StartError, match="Permission denied"):
        ensure_local_environment(tmp_path / "var")
