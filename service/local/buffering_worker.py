"""gunicorn's threaded worker, changed so that a request gets a thread only after all of it has arrived.

gunicorn's own worker gives a connection to a thread at its first byte, and the thread waits for the rest: eight clients
that sent a byte every ten seconds stopped the site. Here the loop that accepts connections also receives the requests,
in memory and without a thread, each with a deadline. Decision 0024 gives the reasons. A very large journal file is the
exception: a thread reads it from the connection (decision 0034).
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.http import wsgi
from gunicorn.workers.gthread import ThreadWorker

from service.local.buffered_connection import (
    HEAD_SECONDS,
    REQUEST_SECONDS,
    BodyReader,
    BufferedConnection,
    SocketStream,
)
from service.local.reception import Arrival, Reception
from service.web.security.limits import LARGEST_IMPORT_BYTES, LARGEST_POST_BYTES

SEND_SECONDS = 30.0
LINGER_SECONDS = 2.0
# The client of a too large post still sends it when the response is written, and reads the response afterwards.
LINGER_CUT_SECONDS = 60.0
DISCARDED_BYTES = LARGEST_IMPORT_BYTES
STOP_SECONDS = 5.0
SWEEP_SECONDS = 0.25
CONNECTIONS_KEPT = 0.9  # at the limit, the oldest requests are closed until this share is left
RECEIVED_AT_ONCE_BYTES = 256 * 1024
# The memory that all requests may take together while they arrive and while they are answered.
BUFFERED_BYTES = 4 * LARGEST_POST_BYTES
LARGE_BYTES = 64 * 1024
# A page fits, so that a slow reader does not keep a thread busy; the kernel may grant less.
SEND_BUFFER_BYTES = 512 * 1024
NO_ROOM_ERRORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
GONE_ERRORS = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED}
# The Server field of every response (RFC 9110, section 10.2.4) names no software; gunicorn has no setting for it.
wsgi.SERVER = "web"


class BufferingWorker(ThreadWorker):  # type: ignore[misc] # gunicorn ships no types
    """A ThreadWorker that receives whole requests, drops slow ones, and closes without waiting.

    Everything except `handle_request` runs in the main thread.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._receiving: dict[BufferedConnection, None] = {}  # the oldest first
        self._lingering: dict[BufferedConnection, None] = {}
        self._buffered_bytes = 0
        self._swept_at = 0.0
        self._stops_at: float | None = None

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection and begin to receive its request."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in NO_ROOM_ERRORS:
                self._drop_oldest()
            elif error.errno not in GONE_ERRORS:
                raise
            return
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self.nr_conns += 1
        self._receive_next(BufferedConnection(self.cfg, sock, client, listener.getsockname()), HEAD_SECONDS)

    def handle_request(self, req: Any, conn: BufferedConnection) -> Any:
        """Answer a request, in a thread; a response that the client does not read in time is abandoned."""
        conn.sock.settimeout(SEND_SECONDS)
        if conn.is_cut:
            req.force_close()  # the start of a next request is unknown
        if req.body is not None:
            req.body.reader = BodyReader(req.body.reader)
        return super().handle_request(req, conn)

    def finish_request(self, conn: BufferedConnection, fs: Future[Any]) -> None:
        """Receive the next request of an answered connection, or close it."""
        self._buffered_bytes -= conn.counted_bytes
        conn.counted_bytes = 0
        if not fs.cancelled() and fs.exception() is None and fs.result():
            self._receive_next(conn, self.cfg.keepalive, conn.unreader.take_rest())
        else:
            self._linger(conn)

    def murder_pending(self) -> None:
        """End timed-out requests; the loop calls this after each event and at least every second."""
        now = time.monotonic()
        is_full = self.nr_conns >= self.worker_connections
        if now < self._swept_at + SWEEP_SECONDS and not is_full:
            return
        self._swept_at = now
        if not self.alive and self._stops_at is None:
            self._stops_at = now + STOP_SECONDS
        stops_at = self._stops_at or now + REQUEST_SECONDS
        for conn in [conn for conn in self._receiving if now > min(conn.expires_at(), stops_at)]:
            self._refuse(conn, "408 Request Timeout")
        for conn in [conn for conn in self._lingering if now > min(conn.deadline, stops_at)]:
            self._close(conn)
        if is_full:
            surplus = int(self.nr_conns - self.worker_connections * CONNECTIONS_KEPT)
            for conn in [*self._lingering, *self._receiving][:surplus]:
                self._close(conn)

    def _receive_next(self, conn: BufferedConnection, patience: float, data: bytes = b"") -> None:
        now = time.monotonic()
        conn.sock.setblocking(False)
        conn.reception = Reception(now)
        conn.deadline = now + patience
        self._receiving[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_readable, conn))
        if data:
            self._feed(conn, data)

    def _on_readable(self, conn: BufferedConnection, sock: socket.socket) -> None:
        try:
            data = sock.recv(RECEIVED_AT_ONCE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._close(conn)
            return
        if data:
            self._feed(conn, data)
        else:
            self._refuse(conn, "400 Bad Request")

    def _feed(self, conn: BufferedConnection, data: bytes) -> None:
        reception = conn.reception
        if not reception.received_bytes:
            reception.started_at = time.monotonic()
        reception.feed(data)
        conn.counted_bytes += len(data)
        self._buffered_bytes += len(data)
        if reception.arrival is Arrival.MALFORMED:
            self.log.warning("Invalid request: its body is malformed")
            self._refuse(conn, "400 Bad Request")
        elif reception.arrival is not Arrival.UNDER_WAY:
            self._hand_over(conn)
        else:
            if reception.must_say_continue:
                reception.must_say_continue = False
                _send(conn.sock, "100 Continue")
            if self._buffered_bytes > BUFFERED_BYTES:
                self._drop_oldest(larger_than=LARGE_BYTES)

    def _hand_over(self, conn: BufferedConnection) -> None:
        self._forget(conn)
        conn.is_cut = conn.reception.arrival in {Arrival.CUT, Arrival.STREAMED}
        conn.unreader.pieces = conn.reception.pieces
        if conn.reception.arrival is Arrival.STREAMED:
            conn.unreader.stream = SocketStream(conn.sock, lambda: not self.alive)
        self.enqueue_req(conn)

    def _drop_oldest(self, *, larger_than: int = -1) -> None:
        """End the oldest unfinished request: an honest client usually finishes soon, or tries again."""
        conn = next((conn for conn in self._receiving if conn.counted_bytes > larger_than), None)
        if conn is not None:
            self._refuse(conn, "503 Service Unavailable")

    def _refuse(self, conn: BufferedConnection, status: str) -> None:
        """End an incomplete request, with a response if any of it has arrived."""
        if not conn.reception.received_bytes:
            self._close(conn)
            return
        _send(conn.sock, status)
        self._forget(conn)
        self._buffered_bytes -= conn.counted_bytes
        conn.counted_bytes = 0
        conn.reception.pieces.clear()
        self._linger(conn)

    def _linger(self, conn: BufferedConnection) -> None:
        """Close our side and read the rest, because the client would otherwise see a reset instead of the response."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._discard, conn))
        except (OSError, ValueError):
            self._close(conn)
            return
        conn.deadline = time.monotonic() + (LINGER_CUT_SECONDS if conn.is_cut else LINGER_SECONDS)
        self._lingering[conn] = None

    def _discard(self, conn: BufferedConnection, sock: socket.socket) -> None:
        try:
            discarded = len(sock.recv(RECEIVED_AT_ONCE_BYTES))
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            discarded = 0
        conn.discarded_bytes += discarded
        if not discarded or conn.discarded_bytes > DISCARDED_BYTES:
            self._close(conn)

    def _close(self, conn: BufferedConnection) -> None:
        self._forget(conn)
        self._buffered_bytes -= conn.counted_bytes
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn: BufferedConnection) -> None:
        self._receiving.pop(conn, None)
        self._lingering.pop(conn, None)
        with contextlib.suppress(KeyError, ValueError):
            self.poller.unregister(conn.sock)


def _send(sock: socket.socket, status: str) -> None:
    """Send a response of one line, if the socket accepts it at once."""
    head = f"HTTP/1.1 {status}\r\n"
    if not status.startswith("1"):
        head += "Connection: close\r\nContent-Length: 0\r\n"
    with contextlib.suppress(OSError):
        sock.send(f"{head}\r\n".encode())
