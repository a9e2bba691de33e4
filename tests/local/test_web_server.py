"""The pages' server: what it serves, how long it grants, and a log that holds no path and no header."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.config import ROOT
from service.local.ports import answers_http
from service.local.web_server import APPLICATION, web_command

SECRET = "3ffc-token-in-a-path"
FAILING_APPLICATION = """
def create_app():
    def app(environ, start_response):
        if "fail" in environ["PATH_INFO"]:
            raise RuntimeError("in the application")
        start_response("200 OK", [])
        return [b"here"]
    return app
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        chosen: int = probe.getsockname()[1]
    return chosen


def ask(port: int, request: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request.encode())
        return connection.makefile("rb").readline()


def test_what_is_logged_of_a_bad_request_holds_nothing_of_it(tmp_path: Path, port: int) -> None:
    (tmp_path / "failing.py").write_text(FAILING_APPLICATION)
    argv = ["failing:create_app()" if word == APPLICATION else word for word in web_command(f"127.0.0.1:{port}")]
    root = ROOT
    server = subprocess.Popen(
        argv, cwd=tmp_path, env={"PYTHONPATH": f"{root}:{tmp_path}"}, stderr=subprocess.STDOUT, stdout=subprocess.PIPE
    )
    try:
        while not answers_http(f"http://127.0.0.1:{port}/"):
            assert server.poll() is None
            time.sleep(0.05)
        assert b"500" in ask(port, f"GET /fail/{SECRET} HTTP/1.1\r\nHost: here\r\n\r\n")
        assert b"400" in ask(port, f"GET /{SECRET} NONSENSE\r\n\r\n")
        assert b"400" in ask(port, f"GET / HTTP/1.1\r\nHost: here\r\nX-{SECRET} : {SECRET}\r\n\r\n")
    finally:
        server.terminate()
        said, _ = server.communicate(timeout=30)
    assert server.returncode == 0
    assert b"A request failed: RuntimeError" in said
    assert b"A request could not be read." in said
    assert SECRET.encode() not in said


def test_the_grace_for_a_request_under_way_is_less_than_what_the_platform_grants() -> None:
    argv = web_command("127.0.0.1:1")
    assert argv[0] == sys.executable
    assert float(argv[argv.index("--graceful-timeout") + 1]) < 25
