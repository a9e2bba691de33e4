"""Ports: a taken one is one clear line, and a probe tells who answers."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.local.ports import answers_http, answers_socket, require_free
from service.local.start_error import StartError


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_port_in_use_is_named_with_a_command_that_takes_a_free_one(listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    with pytest.raises(StartError) as refused:
        require_free(port, setting="BASE_URL")
    said = re.fullmatch(
        rf"Port {port} is in use, perhaps by Small Steps in another window\. "
        r"`BASE_URL=http://localhost:(\d+) make run` uses another\.",
        str(refused.value),
    )
    assert said is not None
    require_free(int(said.group(1)), setting="BASE_URL")


def test_a_free_port_passes(listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    listening.close()
    require_free(port, setting="BASE_URL")


def test_nobody_answers_where_nobody_listens(listening: socket.socket, tmp_path: Path) -> None:
    port = listening.getsockname()[1]
    listening.close()
    assert not answers_http(f"http://127.0.0.1:{port}/")
    assert not answers_socket(tmp_path / "queue.sock")


def test_a_server_that_answers_is_seen(redis_url: str) -> None:
    assert answers_socket(Path(redis_url.removeprefix("unix://")))
