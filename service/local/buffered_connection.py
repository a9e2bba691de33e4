"""A client's connection: its request is received whole before gunicorn's parser reads it, unless it is very large."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from gunicorn.http.errors import ParseException
from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import TConn

from service.local.reception import Reception

HEAD_SECONDS = 15.0
BODY_GRACE_SECONDS = 20.0
LEAST_BYTES_PER_SECOND = 4096
REQUEST_SECONDS = 120.0  # 60 MB at 4 Mbit/s
STREAM_GRACE_SECONDS = 30.0
LEAST_STREAMED_BYTES_PER_SECOND = 32 * 1024
STREAM_PIECE_BYTES = 64 * 1024


class BufferedConnection(TConn):  # type: ignore[misc] # gunicorn ships no types
    """A connection whose parser reads the received bytes and never the socket."""

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.data_ready = True
        self.unreader = ReceivedUnreader(sock)
        self.reception = Reception(time.monotonic())
        self.deadline = 0.0  # by its first byte, then by its last
        self.counted_bytes = 0
        self.discarded_bytes = 0
        self.is_cut = False

    def init(self) -> None:
        """Create the parser, at the first request."""
        if not self.initialized:
            super().init()
            self.parser.unreader = self.unreader

    def expires_at(self) -> float:
        """Return when the request in progress times out, on the monotonic clock."""
        reception = self.reception
        if not reception.received_bytes:
            return self.deadline
        if not reception.has_head:
            return reception.started_at + HEAD_SECONDS
        at_least = BODY_GRACE_SECONDS + reception.received_bytes / LEAST_BYTES_PER_SECOND
        return reception.started_at + min(at_least, REQUEST_SECONDS)


class ReceivedUnreader(Unreader):  # type: ignore[misc] # gunicorn ships no types
    """The parser's source: the received bytes, each piece released when it is read; then the end."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self.sock = sock
        self.pieces: deque[bytearray] = deque()
        self.stream: SocketStream | None = None

    def chunk(self, _size_hint: int | None = None) -> bytes:
        """Return the next piece."""
        if self.pieces:
            return bytes(self.pieces.popleft())
        return self.stream.read() if self.stream is not None else b""

    def take_rest(self) -> bytes:
        """Return the unread bytes, which are the beginning of the client's next request."""
        rest = b"".join([self.take_buffered(), *self.pieces])
        self.pieces = deque()
        return rest


class SocketStream:
    """The rest of a body that is read from the socket by the thread that answers, against a deadline."""

    def __init__(self, sock: socket.socket, is_stopping: Callable[[], bool]) -> None:
        self._sock = sock
        self._is_stopping = is_stopping
        self._started_at = time.monotonic()
        self._received_bytes = 0

    def read(self) -> bytes:
        """Return the next bytes, b"" at the end of what the client sends.

        Raises:
            OSError: the client is too slow, or the server stops.
        """
        allowed = STREAM_GRACE_SECONDS + self._received_bytes / LEAST_STREAMED_BYTES_PER_SECOND
        left = self._started_at + allowed - time.monotonic()
        if left <= 0 or self._is_stopping():
            raise TimeoutError("The body was not received in time")
        before = self._sock.gettimeout()
        self._sock.settimeout(min(left, STREAM_GRACE_SECONDS))
        try:
            data = self._sock.recv(STREAM_PIECE_BYTES)
        finally:
            self._sock.settimeout(before)
        self._received_bytes += len(data)
        return data


class BodyReader:
    """A body whose malformed chunks raise OSError, which werkzeug answers with 400, since it is the client's fault."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes of the body."""
        try:
            data: bytes = self._reader.read(size)
        except ParseException as error:
            raise OSError(type(error).__name__) from None
        return data
