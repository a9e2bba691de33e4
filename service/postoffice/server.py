"""Serving the post office on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from service.postoffice.office import PostOffice

HOST = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """A request handler that logs nothing, because paths can contain addresses, and has the post office's time."""

    server: BaseWSGIServer

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time for the header `Date`: the post office's, whose clock may not be this machine's."""
        app = self.server.app
        office = app.extensions.get("postoffice") if isinstance(app, Flask) else None
        if timestamp is None and isinstance(office, PostOffice):
            timestamp = office.now().timestamp()
        return super().date_time_string(timestamp)


def make_loopback_server(app: Flask, port: int = 0) -> BaseWSGIServer:
    """Return a server that listens on 127.0.0.1, at any free port for 0; the caller runs it.

    Raises:
        OSError: the port is taken. (werkzeug raises SystemExit, which is converted.)
    """
    try:
        return make_server(HOST, port, app, threaded=True, request_handler=QuietHandler)
    except SystemExit:
        raise OSError(f"Port {port} is taken.") from None


@contextmanager
def running(app: Flask, port: int = 0) -> Iterator[str]:
    """Serve the app in a thread; yield its URL, without a slash at the end."""
    server = make_loopback_server(app, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
