"""A blog on this machine that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Answer:
    """What a path answers; with `seconds_between_bytes` one byte at a time."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds_between_bytes: float = 0.0


@dataclass(slots=True)
class Blog:
    """A running blog: `answers` by path, and the headers of every request, with its path as ":path"."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running_blog() -> Iterator[Blog]:
    """Start a blog on a free port of 127.0.0.1."""
    blog = Blog(0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            blog.asked.append({name.lower(): value for name, value in self.headers.items()} | {":path": self.path})
            answer = blog.answers.get(self.path.partition("?")[0], Answer(status=404))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if not answer.seconds_between_bytes:
                self.wfile.write(answer.body)
                return
            for byte in answer.body:
                if blog.stopping.wait(answer.seconds_between_bytes):
                    return
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:
                    return

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        blog.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield blog
        finally:
            blog.stopping.set()
            server.shutdown()
            thread.join()
