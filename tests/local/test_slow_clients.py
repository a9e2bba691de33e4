"""The served form, and clients that mean ill or are slow: none takes a thread before its request is there."""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.local.buffered_connection import BODY_GRACE_SECONDS
from service.local.buffering_worker import BUFFERED_BYTES
from service.local.web_server import CONNECTIONS, GRACEFUL_SECONDS, WORKER_CLASS
from service.mail.signature import sign
from service.web.security.limits import LARGEST_IMPORT_BYTES, LARGEST_POST_BYTES
from tests.harness.mail.posted_mail import FORM, multipart
from tests.harness.servers.web_process import WebProcess, running_web

MEGABYTE = 1_000_000
INBOUND = b"POST /webhooks/mailgun/inbound HTTP/1.1\r\n"
BEGINNINGS = {
    "nothing": b"",
    "a head": b"GET / HTTP/1.1\r\nHost: here\r\nX-Slow: ",
    "a body": INBOUND + b"Host: here\r\nContent-Length: 1000000\r\n\r\na",
    "chunks": INBOUND + b"Host: here\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\na",
}
CHUNKS = json.loads((Path(__file__).parents[1] / "data" / "attacks" / "chunks.json").read_text("utf-8"))
SLOW_CLIENTS = 200
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[WebProcess]:
    with running_web(tmp_path_factory.mktemp("web"), migrated_sqlite) as server:
        yield server


@contextmanager
def slow_clients(web: WebProcess, beginnings: list[bytes]) -> Iterator[list[socket.socket]]:
    """Connect one client for each beginning, which it sends, and then a byte every half second."""
    ended = threading.Event()
    with ExitStack() as stack:
        clients = [stack.enter_context(web.connect()) for _ in beginnings]
        for client, beginning in zip(clients, beginnings, strict=True):
            client.sendall(beginning)

        def dribble() -> None:
            while not ended.wait(0.5):
                for client, beginning in zip(clients, beginnings, strict=True):
                    with suppress(OSError):
                        client.send(b"a" if beginning else b"")

        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            yield clients
        finally:
            ended.set()
            thread.join()


def is_closed(client: socket.socket) -> bool:
    """Return whether the server has ended this connection, reading what it said."""
    client.settimeout(0)
    try:
        while client.recv(1_000):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def test_health_answers_while_200_slow_clients_hang_and_then_they_are_closed(web: WebProcess) -> None:
    beginnings = list(BEGINNINGS.values()) * (SLOW_CLIENTS // len(BEGINNINGS))
    with slow_clients(web, beginnings) as clients:
        assert web.is_alive()
        assert not all(map(is_closed, clients)), "it answered while some of them hung"
        give_up = time.monotonic() + BODY_GRACE_SECONDS + PATIENCE_SECONDS
        while not all(map(is_closed, clients)):
            assert time.monotonic() < give_up, "they are never closed"
            assert web.is_alive()
            time.sleep(0.5)


def test_when_there_are_as_many_connections_as_may_be_those_open_longest_make_room(
    tmp_path: Path, migrated_sqlite: Path
) -> None:
    fewer = [(str(CONNECTIONS), "60")]
    with (
        running_web(tmp_path, migrated_sqlite, replacing=fewer) as web,
        slow_clients(web, [BEGINNINGS["a head"]] * 100) as clients,
    ):
        assert web.is_alive()
        assert is_closed(clients[0])
        assert not is_closed(clients[-1])


def test_when_all_that_arrives_takes_too_much_room_the_oldest_is_asked_to_come_again(web: WebProcess) -> None:
    size = 75 * MEGABYTE
    with ExitStack() as stack:
        clients = [stack.enter_context(web.connect()) for _ in range(BUFFERED_BYTES // size + 1)]
        for client in clients:
            client.sendall(post_head(web, FORM, f"Content-Length: {size}") + bytes(size - 1))
        assert clients[0].makefile("rb").readline() == b"HTTP/1.1 503 Service Unavailable\r\n"
        clients[-1].sendall(b"a")
        assert clients[-1].makefile("rb").readline().startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("beginning", ["a head", "a body", "chunks"])
def test_with_gunicorns_own_worker_eight_of_them_stop_the_site(
    tmp_path: Path, migrated_sqlite: Path, beginning: str
) -> None:
    """The control, and why there is a worker of ours."""
    with (
        running_web(tmp_path, migrated_sqlite, replacing=[(WORKER_CLASS, "gthread")]) as web,
        slow_clients(web, [BEGINNINGS[beginning]] * 8),
    ):
        assert not web.is_alive(within_seconds=3)


def test_health_answers_while_clients_do_not_read_what_they_asked_for(web: WebProcess) -> None:
    with ExitStack() as stack:
        for _ in range(50):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            client.connect(("127.0.0.1", web.port))
            client.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode())
        for _ in range(5):
            assert web.is_alive()


def test_health_answers_while_clients_do_not_close_what_is_over(web: WebProcess) -> None:
    """gunicorn's own worker waits two seconds for each of them, in the loop that accepts."""
    with ExitStack() as stack:
        for _ in range(50):
            client = stack.enter_context(web.connect())
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        for _ in range(5):
            assert web.is_alive()


def test_a_stop_does_not_wait_for_slow_clients(tmp_path: Path, migrated_sqlite: Path) -> None:
    # gunicorn would kill the worker before these clients are late by themselves, and they would read nothing.
    sooner = [(str(GRACEFUL_SECONDS), "15")]
    with (
        running_web(tmp_path, migrated_sqlite, replacing=sooner) as web,
        slow_clients(web, [BEGINNINGS["a body"]] * 20) as clients,
    ):
        assert web.is_alive()  # so all of them were accepted, since they came before
        web.process.terminate()
        assert web.process.wait(timeout=PATIENCE_SECONDS) == 0
        assert {client.recv(1_000)[:12] for client in clients} == {b"HTTP/1.1 408"}


@pytest.mark.parametrize("path", [b"/webhooks/mailgun/inbound", b"/webhooks/mailgun/events", b"/sign-in"])
@pytest.mark.parametrize("chunks", [pytest.param(case["body"].encode(), id=case["rule"]) for case in CHUNKS])
def test_malformed_chunks_are_the_clients_fault(web: WebProcess, path: bytes, chunks: bytes) -> None:
    host = f"Host: 127.0.0.1:{web.port}\r\n".encode()
    answer = web.ask(b"POST " + path + b" HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_chunks_that_end_early_are_the_clients_fault(web: WebProcess) -> None:
    with web.connect() as client:
        client.sendall(INBOUND + b"Host: here\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n")
        client.shutdown(socket.SHUT_WR)
        assert client.makefile("rb").readline().startswith(b"HTTP/1.1 400 ")


def post_head(web: WebProcess, content_type: str, framing: str) -> bytes:
    return INBOUND + f"Host: 127.0.0.1:{web.port}\r\nContent-Type: {content_type}\r\n{framing}\r\n\r\n".encode()


def in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), MEGABYTE):
        piece = body[start : start + MEGABYTE]
        yield b"%x\r\n" % len(piece) + piece + b"\r\n"
    yield b"0\r\n\r\n"


def closing(framing: str) -> str:
    return f"{framing}\r\nConnection: close"


@pytest.mark.parametrize("framing", ["declared", "chunked", "expecting to be told to continue"])
def test_a_signed_post_of_60_megabytes_is_kept(web: WebProcess, framing: str) -> None:
    content_type, body = signed_post(web, 60 * MEGABYTE)
    if framing == "chunked":
        answer = web.ask(post_head(web, content_type, closing("Transfer-Encoding: chunked")), *in_chunks(body))
    elif framing == "declared":
        answer = web.ask(post_head(web, content_type, closing(f"Content-Length: {len(body)}")), body)
    else:
        expecting = closing(f"Content-Length: {len(body)}\r\nExpect: 100-continue")
        with web.connect() as client:
            client.sendall(post_head(web, content_type, expecting))
            assert client.recv(1_000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(body)
            answer = client.makefile("rb").read().removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"kept\n")


def test_a_response_does_not_name_the_software_of_the_server(web: WebProcess) -> None:
    answer = web.ask(b"GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    assert b"\r\nServer: web\r\n" in answer
    assert b"gunicorn" not in answer.lower()


@pytest.mark.parametrize("framing", ["declared", "chunked"])
def test_a_client_that_sends_over_80_megabytes_reads_that_it_is_never_to_come_again(
    web: WebProcess, framing: str
) -> None:
    body = bytes(LARGEST_POST_BYTES + MEGABYTE)
    if framing == "declared":
        answer = web.ask(post_head(web, FORM, f"Content-Length: {len(body)}"), body)
    else:
        answer = web.ask(post_head(web, FORM, "Transfer-Encoding: chunked"), *in_chunks(body))
    assert answer.startswith(b"HTTP/1.1 406 ")
    assert b"Connection: close" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_very_large_journal_of_a_stranger_is_refused_before_it_arrives(web: WebProcess) -> None:
    head = f"POST /import HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nContent-Length: {LARGEST_IMPORT_BYTES}\r\n"
    with web.connect() as client:
        client.sendall(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n--b".encode())
        assert client.makefile("rb").readline().startswith(b"HTTP/1.1 403 ")


def test_two_requests_that_come_at_once_are_answered_in_order(web: WebProcess) -> None:
    one = b"POST /webhooks/mailgun/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 2\r\n\r\n{}" % web.port
    two = b"GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
    for pieces in ([one + two], [one[:30], one[30:] + two[:10], two[10:]], [(one + two)[:-1], b"\n"]):
        answers = web.ask(*pieces)
        assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"400", b"200"]


def test_what_follows_a_request_that_was_cut_is_no_request(web: WebProcess) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n"
    declared = post_head(web, FORM, f"Content-Length: {LARGEST_POST_BYTES + 1}")
    assert re.findall(rb"HTTP/1.1 (\d+)", web.ask(declared + smuggled)) == [b"406"]


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of another process is read from /proc")
@pytest.mark.parametrize(
    ("signed", "megabytes", "times"), [(False, 40, 2.5), (True, 60, 3)], ids=["unsigned", "signed"]
)
def test_the_process_takes_at_most_three_times_the_room_of_a_post(
    tmp_path: Path, migrated_sqlite: Path, signed: bool, megabytes: int, times: float
) -> None:
    with running_web(tmp_path, migrated_sqlite) as web:
        size = megabytes * MEGABYTE
        content_type, body = signed_post(web, size) if signed else (FORM, b"a=" + b"%41" * (size // 3))
        (worker,) = web.workers()
        before = peak_bytes(worker)
        answer = web.ask(post_head(web, content_type, closing(f"Content-Length: {len(body)}")), body)
        assert answer.startswith(b"HTTP/1.1 200 " if signed else b"HTTP/1.1 401 ")
        assert peak_bytes(worker) - before < times * len(body)


def peak_bytes(pid: int) -> int:
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes) * 1024


def signed_post(web: WebProcess, size: int) -> tuple[str, bytes]:
    signature = sign(web.signing_key, timestamp=int(datetime.now(UTC).timestamp()), token=f"token-{time.time_ns()}")
    fields = {"timestamp": signature.timestamp, "token": signature.token, "signature": signature.signature}
    photo = ("attachment-1", "a.jpg", "image/jpeg", bytes(range(256)) * (size // 256))
    return multipart([("recipient", "a@b"), ("Message-Id", f"<{signature.token}@b>"), *fields.items()], [photo])
