"""Each bound of parsing: a mail beyond it is kept with an outcome, and the next mail is read."""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from service.core.replies.html.html_tree import DEPTH as HTML_DEPTH
from service.core.replies.html.html_tree import TAGS
from service.core.replies.mime.bodies import MIME_BYTES
from service.core.replies.mime.mime_headers import HEADER_BYTES, HEADERS_BYTES
from service.core.replies.mime.mime_parts import DEPTH, PARTS
from service.core.replies.reader import CAP
from service.flows.incoming.replies.classify import PAST_A_BOUND
from service.mail.sandbox.reader import MailReader, UnreadableMail
from service.mail.sandbox.reading import MailContent, MailReading
from service.models import Outcome, Reply
from tests.harness.inbound import ANA, InboundHarness, open_inbound_harness
from tests.harness.mail.posts import mail
from tests.harness.reuse.reused_children import ReusedChildren

MB = 1024 * 1024
WORDS = "Soup, slowly."
LONGEST_SECONDS = 6.0


@pytest.fixture(autouse=True)
def children(reused_children: ReusedChildren) -> None:
    """Give each test a process of its own, and end those of other tests."""
    reused_children.end()


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def raw(body: bytes, *more: bytes, kind: bytes = b"text/plain; charset=utf-8") -> bytes:
    """Return a mail from Ana with this body, and `more` header lines."""
    head = [b"From: " + ANA.encode(), b"Message-ID: <1@example.com>", *more, b"Content-Type: " + kind, b"", body]
    return b"\r\n".join(head)


def multipart(*parts: bytes) -> bytes:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return raw(body, kind=b"multipart/mixed; boundary=b")


def text(words: str = WORDS) -> bytes:
    return b"Content-Type: text/plain\r\n\r\n" + words.encode()


def nested(depth: int, inner: bytes) -> bytes:
    for number in range(depth):
        mark = b"n%d" % number
        inner = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--\r\n" % (
            mark,
            mark,
            inner,
            mark,
        )
    return inner


@dataclass(frozen=True)
class BoundCase:
    """A mail beyond one bound, and the outcome that it must get."""

    make_mail: Callable[[], bytes]
    outcome: Outcome = Outcome.ENTRY
    reason: str | None = PAST_A_BOUND


GIF = b"Content-Type: image/gif\r\n\r\nx"
BOUNDS = {
    "64 kB of headers": BoundCase(lambda: raw(WORDS.encode(), *[b"X-A: " + b"a" * 1000] * (HEADERS_BYTES // 1000 + 1))),
    "8 kB a header": BoundCase(lambda: raw(WORDS.encode(), b"X-A: " + b"a" * HEADER_BYTES)),
    "100 parts": BoundCase(lambda: multipart(text(), *[GIF] * (PARTS + 1))),
    "depth 20": BoundCase(lambda: multipart(text(), nested(DEPTH + 2, GIF))),
    "depth 20, the words below it": BoundCase(lambda: multipart(nested(DEPTH + 2, text())), Outcome.UNREADABLE),
    "256 kB into the trimmer": BoundCase(lambda: raw((WORDS + " ").encode() * (CAP // 10)), reason=None),
    "2,000 tags": BoundCase(
        lambda: raw(WORDS.encode() + b"<i></i>" * (TAGS + 1) + b"<p>end", kind=b"text/html"), reason=None
    ),
    "depth 200": BoundCase(
        lambda: raw(b"<div>" * (HTML_DEPTH + 1) + WORDS.encode() + b"</div>" * (HTML_DEPTH + 1), kind=b"text/html"),
        reason=None,
    ),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_mail_beyond_a_bound_is_kept_with_an_outcome_and_the_next_is_read(harness: InboundHarness, name: str) -> None:
    bound = BOUNDS[name]
    reply = receive_until_settled(harness, bound.make_mail())
    assert (reply.outcome, reply.reason) == (bound.outcome, bound.reason)
    assert reply.has_raw
    if bound.outcome == Outcome.ENTRY:
        assert harness.words()[0].startswith(WORDS)
    assert_next_is_read(harness)


def receive_until_settled(harness: InboundHarness, raw_mime: bytes) -> Reply:
    """Receive a raw mail and process it until it has an outcome; return its row."""
    reply = harness.receive(raw_mime, as_mime=True)
    assert reply is not None
    return harness.until_settled(reply.id)


def assert_next_is_read(harness: InboundHarness) -> None:
    assert harness.receive(mail("The next one.")) is not None
    assert "The next one." in harness.words()


def test_the_reader_reports_mime_beyond_40_mb_and_reads_the_next() -> None:
    reader = MailReader()
    raw_mime = multipart(text(), b"Content-Type: application/x\r\n\r\n" + b"x" * MIME_BYTES)
    found = reader.read(MailContent(raw_mime), None)
    assert isinstance(found, UnreadableMail) or found.bounded
    read = reader.read(MailContent(mail()), None)
    assert isinstance(read, MailReading)
    assert (read.words.text, read.bounded) == (WORDS, False)
    reader.close()


# What a reading process does before it answers as it should; `serve` sets the limits that keep it from getting there.
EXCESSES = {
    "CPU": "while time.process_time() < 15: pass",
    "memory": "kept = [bytearray(64 * 1024 * 1024) for _ in range(9)]",
}


@pytest.mark.parametrize("excess", EXCESSES)
def test_a_mail_that_exceeds_a_process_limit_is_kept_for_another_attempt(harness: InboundHarness, excess: str) -> None:
    code = f"""
import sys, time
from service.mail.inbound import child_server
from service.mail.sandbox.reading import answer_to
child_server.CPU_SECONDS = 1

def exceed(asked):
    {EXCESSES[excess]}
    return answer_to(asked)

child_server.serve(sys.stdin.buffer, sys.stdout.buffer, exceed)
"""
    healthy = harness.reply_processor
    reader = MailReader(wall_seconds=300, command=(sys.executable, "-c", code))
    harness.reply_processor = replace(healthy, reader=reader)
    reply = harness.receive(mail())
    assert reply is not None
    harness.reply_processor.reader.close()
    harness.reply_processor = healthy
    assert reply.outcome is None
    assert (reply.attempts, reply.has_raw) == (1, True)
    assert_next_is_read(harness)


HOSTILE: dict[str, bytes] = {
    "multiparts that hold each other": b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 20_000
    + b"\n"
    + WORDS.encode(),
    "6 kB of On": raw(b"On " * 2_000),
    "a flood of headers": b"X: y\r\n" * 200_000 + b"\r\n" + WORDS.encode(),
    "a flood of encoded words": raw(WORDS.encode(), b"Subject: " + b"=?utf-8?q?a?= " * 500),
    "an unknown charset": raw(WORDS.encode(), kind=b"text/plain; charset=\xff\xfe\x00"),
    "a charset that is not for text": raw(WORDS.encode(), kind=b"text/plain; charset=zlib_codec"),
    "broken base64": raw(b"U291cCw=c2xv@@@@d2x5Lg=", b"Content-Transfer-Encoding: base64"),
    "much base64": raw(base64.encodebytes(b"a" * MB), b"Content-Transfer-Encoding: base64"),
    "NULs": raw(b"\x00" * 1000 + WORDS.encode()),
    "lone surrogates": raw(b"\xed\xa0\x80" + WORDS.encode() + b"\xed\xbf\xbf"),
    "a boundary of hyphens": raw(b"--" * 50_000, kind=b'multipart/mixed; boundary="--"'),
    "no header at all": WORDS.encode(),
    "nothing": b"",
}


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "raw MIME"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_gets_an_outcome_in_time_and_the_next_is_read(
    harness: InboundHarness, name: str, as_mime: bool
) -> None:
    if name == "multiparts that hold each other" and not as_mime:
        pytest.skip("the local post office takes mails apart with Python's parser, which has no bound")
    began = time.process_time()  # the reading process has a limit of its own
    reply = harness.receive(HOSTILE[name], as_mime=as_mime)
    assert time.process_time() - began < LONGEST_SECONDS
    assert reply is not None
    assert harness.until_settled(reply.id).outcome is not None
    assert_next_is_read(harness)
