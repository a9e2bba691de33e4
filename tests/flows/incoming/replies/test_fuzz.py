"""Arbitrary posts: no 5xx, no exception leaves the job, and each acknowledged mail has an outcome or is still kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.config import ROOT
from service.mail.sandbox.reader import MailReader, UnreadableMail
from service.mail.sandbox.reading import MailContent, MailReading
from service.models import Reply
from service.postoffice.route import route_form
from tests.harness.inbound import ANA, InboundHarness, open_inbound_harness
from tests.harness.mail.posts import signed
from tests.harness.sending import SIGNING_KEY

EXAMPLES = sorted((ROOT / "tests" / "data" / "replies").rglob("*.eml"))
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PROVIDER_FIELDS = ["recipient", "sender", "from", "subject", "body-plain", "body-html", "body-mime", "message-headers"]
OTHER_FIELDS = [
    "Message-Id",
    "Content-Type",
    "content-id-map",
    "attachment-1",
    "From",
    "To",
    "Date",
    "X-Mailgun-Spf",
    "\x00",
]
NAMES = st.sampled_from([*PROVIDER_FIELDS, *OTHER_FIELDS])
PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n",
        b"--a\r\n",
        b"--a--\r\n",
        b"Content-Type: text/html\r\n\r\n<p>x",
        b"Content-Type: text/plain; charset=\xff; format=flowed\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n=",
        b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n",
        b"Subject: =?utf-8?b?/w==?=\r\n",
        b"From: " + ANA.encode() + b"\r\n",
        b"Date: 99 Foo -1\r\n",
        b"\xed\xa0\x80",
        b"\x00",
        b"\r\n\r\n",
    ]
)
MIME = st.lists(PIECES | st.binary(max_size=30), max_size=20).map(b"".join)


@pytest.fixture(scope="module")
def harness(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path_factory.mktemp("fuzz")) as opened:
        yield opened


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Generate a real reply with some bytes cut out, doubled or replaced."""
    raw = bytearray(draw(st.sampled_from(EXAMPLES)).read_bytes()[:20_000])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw)))
        end = min(len(raw), at + draw(st.integers(0, 200)))
        change = draw(st.sampled_from(["cut", "double", "replace"]))
        raw[at:end] = {"cut": b"", "double": bytes(raw[at:end]) * 2, "replace": draw(st.binary(max_size=20))}[change]
    return bytes(raw)


def is_safe(reply: Reply) -> bool:
    """Return whether a mail has an outcome, or is still kept for the next attempt."""
    return reply.outcome is not None or reply.has_raw


def post_mail(harness: InboundHarness, raw: bytes, *, as_mime: bool) -> None:
    before = len(harness.rows())
    token = signed(harness.sending.clock(), key=SIGNING_KEY)
    status = harness.posted(route_form(raw, recipients=[harness.address()], signature=token, as_mime=as_mime))
    assert status == 200
    rows = harness.rows()
    assert len(rows) in {before, before + 1}  # no new row: the same mail is stored already
    assert all(map(is_safe, rows))


@QUICK
@given(MIME, st.booleans())
def test_any_mime_is_kept_with_an_outcome(harness: InboundHarness, raw: bytes, as_mime: bool) -> None:
    post_mail(harness, raw, as_mime=as_mime)


@QUICK
@given(mutated(), st.booleans())
def test_a_mangled_reply_is_kept_with_an_outcome(harness: InboundHarness, raw: bytes, as_mime: bool) -> None:
    post_mail(harness, raw, as_mime=as_mime)


@QUICK
@given(st.lists(st.tuples(NAMES, st.binary(max_size=80)), max_size=8), st.booleans())
def test_any_signed_form_gets_a_response_and_what_is_acknowledged_is_safe(
    harness: InboundHarness, fields: list[tuple[str, bytes]], is_addressed: bool
) -> None:
    signature = signed(harness.sending.clock(), key=SIGNING_KEY)
    own = [("recipient", harness.address().encode())] if is_addressed else []
    proof = [("timestamp", signature.timestamp), ("token", signature.token), ("signature", signature.signature)]
    boundary = secrets.token_hex(16)
    body = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary.encode(), name.encode(), value)
        for name, value in [*own, *fields, *((name, value.encode()) for name, value in proof)]
    )
    before = len(harness.rows())
    status = harness.posted((f"multipart/form-data; boundary={boundary}", body + b"--%s--\r\n" % boundary.encode()))
    assert status in {200, 400, 401, 406}
    rows = harness.rows()
    assert len(rows) <= before + 1
    assert all(map(is_safe, rows))


@QUICK
@given(st.text(max_size=60), st.binary(max_size=300))
def test_any_unsigned_post_is_refused_and_not_stored(harness: InboundHarness, kind: str, body: bytes) -> None:
    before = len(harness.rows())
    printable = "".join(character for character in kind if character.isprintable() and ord(character) < 256)
    assert harness.posted((printable, body)) in {400, 401, 406}
    assert len(harness.rows()) == before


@pytest.fixture(scope="module")
def reader() -> Iterator[MailReader]:
    reading = MailReader()
    yield reading
    reading.close()


@QUICK
@given(st.builds(MailContent, MIME | mutated()) | st.builds(MailContent, st.none(), st.text(), st.text() | st.none()))
def test_the_reader_answers_any_input(reader: MailReader, content: MailContent) -> None:
    found = reader.read(content, None)
    assert isinstance(found, MailReading | UnreadableMail)
    assert not isinstance(found, UnreadableMail), "nothing so small is beyond a bound"
