"""Each bound of parsing: past it the mail is kept, its outcome says so, and the next mail does not notice."""

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
from service.core.replies.mime.bodies import DEPTH, MIME_BYTES, PARTS
from service.core.replies.mime.mime_headers import HEADER_BYTES, HEADERS_BYTES
from service.core.replies.reader import CAP
from service.flows.incoming.classify import PAST_A_BOUND
from service.mail.inbound.reader import MailReader, UnreadableMail
from service.mail.inbound.reading import MailContent, MailReading
from service.models import Outcome, Reply
from tests.harness.inbound import ANA, InboundHarness, open_inbound_harness
from tests.harness.posts import mail

MB = 1024 * 1024
WORDS = "Soup, slowly."
LONGEST_SECONDS = 6.0


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as letterbox:
        yield letterbox


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
class Bound:
    """A mail past one bound, and what must become of it."""

    make: Callable[[], bytes]
    outcome: Outcome = Outcome.ENTRY
    reason: str | None = PAST_A_BOUND


GIF = b"Content-Type: image/gif\r\n\r\nx"
BOUNDS = {
    "64 kB of headers": Bound(lambda: raw(WORDS.encode(), *[b"X-A: " + b"a" * 1000] * (HEADERS_BYTES // 1000 + 1))),
    "8 kB a header": Bound(lambda: raw(WORDS.encode(), b"X-A: " + b"a" * HEADER_BYTES)),
    "100 parts": Bound(lambda: multipart(text(), *[GIF] * (PARTS + 1))),
    "depth 20": Bound(lambda: multipart(text(), nested(DEPTH + 2, GIF))),
    "depth 20, the words below it": Bound(lambda: multipart(nested(DEPTH + 2, text())), Outcome.UNREADABLE),
    "256 kB into the trimmer": Bound(lambda: raw((WORDS + " ").encode() * (CAP // 10)), reason=None),
    "2,000 tags": Bound(
        lambda: raw(WORDS.encode() + b"<i></i>" * (TAGS + 1) + b"<p>end", kind=b"text/html"), reason=None
    ),
    "depth 200": Bound(
        lambda: raw(b"<div>" * (HTML_DEPTH + 1) + WORDS.encode() + b"</div>" * (HTML_DEPTH + 1), kind=b"text/html"),
        reason=None,
    ),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_past_this_bound_the_mail_is_kept_its_outcome_says_so_and_the_next_is_read(
    harness: InboundHarness, name: str
) -> None:
    bound = BOUNDS[name]
    reply = settled(harness, bound.make())
    assert (reply.outcome, reply.reason) == (bound.outcome, bound.reason)
    assert reply.has_raw
    if bound.outcome == Outcome.ENTRY:
        assert harness.words()[0].startswith(WORDS)
    next_is_read(harness)


def settled(harness: InboundHarness, raw_mime: bytes) -> Reply:
    """Let a raw mail come in, with the attempts that it takes; return its row."""
    reply = harness.comes(raw_mime, as_mime=True)
    assert reply is not None
    return harness.until_settled(reply.id)


def next_is_read(harness: InboundHarness) -> None:
    assert harness.comes(mail("The next one.")) is not None
    assert "The next one." in harness.words()


def test_past_40_mb_of_mime_the_reader_says_so_and_the_next_is_read() -> None:
    reader = MailReader()
    raw_mime = multipart(text(), b"Content-Type: application/x\r\n\r\n" + b"x" * MIME_BYTES)
    found = reader.read(MailContent(raw_mime), None)
    assert isinstance(found, UnreadableMail) or found.bounded
    read = reader.read(MailContent(mail()), None)
    assert isinstance(read, MailReading)
    assert (read.words.text, read.bounded) == (WORDS, False)
    reader.close()


# Python itself stands in for a reader that a mail drives past its limits; `serving` sets those of the real one.
GREEDY = {
    "5 s of CPU": "while True: pass",
    "512 MB": "kept = [bytearray(64 * 1024 * 1024) for _ in range(9)]",
}


@pytest.mark.parametrize("greed", GREEDY)
def test_past_this_limit_the_child_dies_and_the_mail_is_kept_and_set_aside(harness: InboundHarness, greed: str) -> None:
    code = f"""
import sys
from service.mail import serving
serving.CPU_SECONDS = 1

def greedy(asked):
    {GREEDY[greed]}

serving.serve(sys.stdin.buffer, sys.stdout.buffer, greedy)
"""
    healthy = harness.reply_processor
    harness.reply_processor = replace(healthy, reader=MailReader(command=(sys.executable, "-c", code)))
    began = time.monotonic()
    reply = harness.comes(mail())
    took = time.monotonic() - began
    assert reply is not None
    harness.reply_processor.reader.close()
    harness.reply_processor = healthy
    assert took < 3 * LONGEST_SECONDS, "the child is killed after six seconds, or ends by its own limit"
    assert reply.outcome is None
    assert (reply.attempts, reply.has_raw) == (1, True)
    next_is_read(harness)


HOSTILE: dict[str, bytes] = {
    "multiparts that hold each other": b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 20_000
    + b"\n"
    + WORDS.encode(),
    "6 kB of On": raw(b"On " * 2_000),
    "a flood of headers": b"X: y\r\n" * 200_000 + b"\r\n" + WORDS.encode(),
    "a flood of encoded words": raw(WORDS.encode(), b"Subject: " + b"=?utf-8?q?a?= " * 500),
    "a charset that is none": raw(WORDS.encode(), kind=b"text/plain; charset=\xff\xfe\x00"),
    "a charset that is no charset of text": raw(WORDS.encode(), kind=b"text/plain; charset=zlib_codec"),
    "broken base64": raw(b"U291cCw=c2xv@@@@d2x5Lg=", b"Content-Transfer-Encoding: base64"),
    "much base64": raw(base64.encodebytes(b"a" * MB), b"Content-Transfer-Encoding: base64"),
    "NULs": raw(b"\x00" * 1000 + WORDS.encode()),
    "lone surrogates": raw(b"\xed\xa0\x80" + WORDS.encode() + b"\xed\xbf\xbf"),
    "a boundary of marks": raw(b"--" * 50_000, kind=b'multipart/mixed; boundary="--"'),
    "no header at all": WORDS.encode(),
    "nothing": b"",
}


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "raw MIME"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_gets_its_outcome_in_time_and_the_next_is_read(
    harness: InboundHarness, name: str, as_mime: bool
) -> None:
    if name == "multiparts that hold each other" and not as_mime:
        pytest.skip("the local post office takes mails apart with Python's parser, which has no bound")
    began = time.monotonic()
    reply = harness.comes(HOSTILE[name], as_mime=as_mime)
    assert time.monotonic() - began < LONGEST_SECONDS
    assert reply is not None
    assert harness.until_settled(reply.id).outcome is not None
    next_is_read(harness)
