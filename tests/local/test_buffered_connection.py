"""A very large body, read from the connection by the thread that answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from service.local import buffered_connection
from service.local.buffered_connection import SocketStream


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_what_the_client_sends_is_read_to_its_end(ends: tuple[socket.socket, socket.socket]) -> None:
    stream = SocketStream(ends[0], lambda: False)
    ends[1].sendall(b"tea")
    assert stream.read() == b"tea"
    ends[1].close()
    assert stream.read() == b""


def test_a_client_that_sends_nothing_loses_the_thread(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffered_connection, "STREAM_GRACE_SECONDS", 0.1)
    stream = SocketStream(ends[0], lambda: False)
    with pytest.raises(TimeoutError):
        stream.read()
    ends[1].sendall(b"too late, and too little")
    with pytest.raises(TimeoutError):
        stream.read()


def test_a_server_that_stops_reads_no_more(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[1].sendall(b"tea")
    with pytest.raises(TimeoutError):
        SocketStream(ends[0], lambda: True).read()
