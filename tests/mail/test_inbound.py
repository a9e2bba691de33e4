"""A route's post as a mail: both forms, every encoding, and whatever is missing or broken."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from service.mail.headers import sole_address
from service.mail.inbound import (
    InboundMail,
    MalformedPostError,
    Post,
    content_hash,
    parse_post,
    read_mail,
)

DATA = Path(__file__).parents[1] / "data" / "mailgun"
FIELDS = [(name, value) for name, value in json.loads((DATA / "route-fields.json").read_text())]
RAW_MIME = (DATA / "route-mime.eml").read_bytes()
FORM = "application/x-www-form-urlencoded"
Files = Sequence[tuple[str, str, str, bytes]]


def urlencoded(fields: Sequence[tuple[str, str]]) -> Post:
    return parse_post(FORM, urlencode(fields).encode())


def multipart(fields: Sequence[tuple[str, str]], files: Files = (), *, boundary: str = "xYzZY") -> tuple[str, bytes]:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    parts += [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, filename, kind, data in files
    ]
    return f"multipart/form-data; boundary={boundary}", b"".join([*parts, f"--{boundary}--\r\n".encode()])


def mail(*extra: tuple[str, str], without: Sequence[str] = ()) -> InboundMail:
    kept = [(name, value) for name, value in FIELDS if name not in without]
    return read_mail(urlencoded([*kept, *extra]))


def test_a_urlencoded_post_becomes_the_mail():
    found = mail()
    assert found.recipients == ("r-abc@reply.example.org", "s-def@reply.example.org")
    assert found.sender == "bounce+maya@home.example"
    assert found.from_header == "Maya Brühl <maya@home.example>"
    assert found.from_address == "maya@home.example"
    assert found.subject == "Re: A window"
    assert found.message_id == "<CAF=abc123@mail.home.example>"
    assert found.plain is not None
    assert found.plain.startswith("A heron, and a bus.\r\n")
    assert found.html is not None
    assert found.sent_at == datetime(2026, 5, 3, 19, 12, 31, tzinfo=UTC)
    assert found.raw_mime is None


def test_files_come_in_their_number_s_order_with_their_content_id():
    files = [
        ("attachment-10", "c.png", "image/png", b"c"),
        ("attachment-2", "b.png", "image/png", b"b\r\n--xYzZ\r\n"),
        ("attachment-1", "a.txt", "text/plain; charset=utf-8", b""),
    ]
    found = read_mail(parse_post(*multipart(FIELDS, files)))
    assert [a.filename for a in found.attachments] == ["a.txt", "b.png", "c.png"]
    assert [a.content_id for a in found.attachments] == [None, "part1@home.example", None]
    assert found.attachments[1].data == b"b\r\n--xYzZ\r\n"
    assert found.attachments[0].content_type == "text/plain"


def test_the_provider_s_verdict_is_the_first_and_a_sender_s_copy_is_not_believed():
    found = mail()
    assert (found.spf, found.dkim, found.flag) == ("pass", "pass", "no")
    assert found.all_headers("x-mailgun-spf") == ["Pass", "Fail"]


def test_only_lower_case_names_are_the_provider_s():
    post = urlencoded([("Token", "sender's"), ("token", "provider's"), ("Recipient", "x@y")])
    assert post.signature.token == "provider's"
    assert read_mail(post).recipients == ()


@pytest.mark.parametrize(
    "absent",
    ["body-plain", "body-html", "stripped-text", "message-headers", "content-id-map", "recipient",
     "sender", "from", "subject", "timestamp", "token", "signature", "Date", "Message-Id"],
)  # fmt: skip
def test_any_field_may_be_absent(absent: str):
    read_mail(urlencoded([(name, value) for name, value in FIELDS if name != absent]))
    read_mail(urlencoded([]))


@pytest.mark.parametrize("broken", ["", "[", "{}", "[[1]]", '[["a"]]', "[" * 100_000, "null"])
def test_broken_header_lists_and_maps_lose_nothing_else(broken: str):
    fields = [(n, v) for n, v in FIELDS if n not in {"message-headers", "content-id-map"}]
    found = read_mail(urlencoded([*fields, ("message-headers", broken), ("content-id-map", broken)]))
    assert found.plain is not None
    assert found.from_address == "maya@home.example"


def test_without_the_header_list_the_title_case_fields_stand_in():
    found = mail(without=["message-headers"])
    assert found.message_id == "<CAF=abc123@mail.home.example>"
    assert found.spf == "pass"


def test_several_html_parts_are_all_kept():
    assert mail(("body-html", "<p>second</p>")).html == (
        "<p>A heron, and a bus.</p><blockquote>What went past?</blockquote>\n<p>second</p>"
    )


def test_nul_and_broken_utf_8_become_replacement_characters():
    post = parse_post(FORM, b"body-plain=a%00b%FFc")
    assert read_mail(post).plain == "a\ufffdb\ufffdc"


@pytest.mark.parametrize("encode", ["escaped", "as it is", "a field of multipart", "a file"])
def test_raw_mime_keeps_its_bytes_exactly(encode: str):
    if encode == "escaped":
        post = parse_post(FORM, b"recipient=a&body-mime=" + quote_plus(RAW_MIME).encode())
    elif encode == "as it is":
        raw = RAW_MIME.replace(b"%", b"%25").replace(b"&", b"%26").replace(b"+", b"%2B")
        post = parse_post(FORM, b"body-mime=" + raw.replace(b" ", b"+"))
    else:
        kind, body = multipart([("recipient", "a")], [("body-mime", "m", "message/rfc822", RAW_MIME)])
        if encode == "a field of multipart":
            body = body.replace(b'; filename="m"', b"")
        post = parse_post(kind, body)
    found = read_mail(post)
    assert found.raw_mime == RAW_MIME
    assert found.plain is None


@pytest.mark.parametrize("body", [b"body-mime=Caf\xe9", b"body-mime=Caf%E9"])
def test_flask_would_have_damaged_that_raw_mime(body: bytes):
    """The control: why the body is decoded here and not by the framework."""
    with Flask("control").test_request_context(method="POST", content_type=FORM, data=body):
        assert request.form.get("body-mime", "").encode("latin-1", "replace") != b"Caf\xe9"


def test_the_mime_form_gives_the_same_headers_and_verdicts():
    found = read_mail(parse_post(FORM, b"body-mime=" + quote_plus(RAW_MIME).encode()))
    assert found.from_header == "Maya Brühl <maya@home.example>"
    assert found.from_address == "maya@home.example"
    assert found.message_id == "<CAF=abc123@mail.home.example>"
    assert (found.spf, found.dkim, found.flag) == ("pass", "pass", "no")
    received = found.header("received")
    assert received is not None
    assert received.endswith("19:12:40 +0000")
    assert found.sent_at == datetime(2026, 5, 3, 19, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("Subject: Gr\xfc\xdfe".encode("latin-1"), "Grüße"),
        ("Subject: Grüße".encode(), "Grüße"),
        (b"Subject: =?utf-8?b?R3LDvMOfZQ==?=", "Grüße"),
        (b"Subject: =?no-such-charset?q?Gru?=", "Gru"),
        (b"Subject: =?utf-8?b?!?=", "=?utf-8?b?!?="),
        (b"Subject: a\x00b", "a\ufffdb"),
        (b"Subject: long\r\n and folded", "long and folded"),
        (b"Subject:", ""),
    ],
)
def test_any_subject_is_read_or_left_as_it_is(header: bytes, text: str):
    raw = header + b"\r\n\r\nHello\r\n"
    assert read_mail(parse_post(FORM, b"body-mime=" + quote_plus(raw).encode())).subject == text


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 32 Foo 2026 25:61:00 +9999",
                                  "Fri, 31 Dec 9999 23:59:59 -1200"])  # fmt: skip
def test_a_senseless_date_is_none(date: str):
    raw = f"Date: {date}\r\n\r\n".encode()
    assert read_mail(parse_post(FORM, b"body-mime=" + quote_plus(raw).encode())).sent_at is None


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("maya@home.example", "maya@home.example"),
        (" Maya <maya@home.example> ", "maya@home.example"),
        ('"Maya, of <home>" <maya@home.example>', "maya@home.example"),
        ('"a\\"b@c" <maya@home.example>', "maya@home.example"),
        ("maya@home.example (Maya)", "maya@home.example"),
        ("=?utf-8?q?boss=40work=2Eexample?= <maya@home.example>", "maya@home.example"),
        ("maya+steps@home.example", "maya+steps@home.example"),
        ("maya@home.example, other@home.example", None),
        ("Maya: maya@home.example;", None),
        ("boss@work.example <maya@home.example>", None),
        ("<boss@work.example> <maya@home.example>", None),
        ("<boss@work.example>maya@home.example", None),
        ("boss@work.example)(maya@home.example", None),
        ("maya@home.example)boss@work.example(", None),
        ("maya@home.example (open", None),
        ("<a@b@home.example>", None),
        ("<maya @home.example>", None),
        ("a@x<maya@home.example", None),
        ("", None),
        ("<>", None),
    ],
)
def test_a_from_names_one_sender_or_none(value: str, address: str | None):
    assert sole_address(value) == address


def test_two_from_headers_name_nobody():
    raw = b"From: a@b.example\r\nFrom: c@d.example\r\n\r\n"
    assert read_mail(parse_post(FORM, b"body-mime=" + quote_plus(raw).encode())).from_address is None


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("", b""),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nb\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nb\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\n\xff\xfe: 1\r\n\r\nb\r\n--x--"),
        ("multipart/form-data; boundary=\xe9", b""),
    ],
)
def test_what_is_no_whole_form_is_malformed(content_type: str, body: bytes):
    with pytest.raises(MalformedPostError):
        parse_post(content_type, body)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_malformed(body: bytes):
    read_mail(parse_post(FORM, body))
    try:
        read_mail(parse_post("multipart/form-data; boundary=x", b"--x\r\n" + body))
    except MalformedPostError:
        return


def test_neither_five_hundred_kilobytes_nor_a_thousand_parts_are_a_bound():
    """Flask stops at both by default, with a 413 that loses the mail after eight hours."""
    fields = [(f"X-Header-{n}", str(n)) for n in range(1_500)] + [("body-plain", "word " * 200_000)]
    post = parse_post(*multipart(fields, [("attachment-1", "a", "image/png", b"\0" * 1_000)]))
    assert len(post.fields) == 1_501
    assert len(post.raw("body-plain") or b"") == 1_000_000


def test_a_post_of_forty_megabytes_is_parsed_in_seconds_without_a_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", None)
    monkeypatch.setattr("tempfile.TemporaryFile", None)
    body = multipart(FIELDS, [("attachment-1", "a.jpg", "image/jpeg", b"\r\n\x00\xff" * 10_000_000)])
    started = time.process_time()
    post = parse_post(*body)
    assert len(post.files[0].data) == 40_000_000
    assert time.process_time() - started < 20


def test_the_content_hash_is_the_same_when_a_retry_rebuilds_and_signs_anew():
    files = [("attachment-1", "a.txt", "text/plain", b"hello")]
    first = parse_post(*multipart(FIELDS, files))
    anew = [(name, "999" if name in {"timestamp", "token", "signature"} else value) for name, value in FIELDS]
    again = parse_post(*multipart(list(reversed(anew)), files, boundary="other"))
    # A repeated header keeps its own order.
    spf = [item for item in reversed(anew) if item[0] == "X-Mailgun-Spf"]
    assert content_hash(again) != content_hash(first)
    rest = [item for item in reversed(anew) if item[0] != "X-Mailgun-Spf"]
    again = parse_post(*multipart([*rest, *reversed(spf)], files, boundary="other"))
    assert content_hash(again) == content_hash(first)
    assert content_hash(urlencoded(FIELDS)) == content_hash(parse_post(*multipart(FIELDS)))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([("a", "bc")], [("ab", "c")]),
        ([("a", "1"), ("a", "2")], [("a", "2"), ("a", "1")]),
        ([("a", "1")], [("a", "1"), ("b", "")]),
        ([("body-plain", "one")], [("body-plain", "two")]),
    ],
    ids=["boundaries count", "order of equals counts", "empty fields count", "words count"],
)
def test_other_content_has_another_hash(left: list[tuple[str, str]], right: list[tuple[str, str]]):
    assert content_hash(urlencoded(left)) != content_hash(urlencoded(right))


def test_files_count_in_the_hash():
    def hashed(name: str, data: bytes) -> bytes:
        return content_hash(parse_post(*multipart([], [("attachment-1", name, "text/plain", data)])))

    assert len({hashed("a", b"1"), hashed("b", b"1"), hashed("a", b"2")}) == 3


def test_no_repr_shows_anything_private():
    files = [("attachment-1", "divorce.txt", "text/plain", b"private words")]
    post = parse_post(*multipart(FIELDS, files))
    shown = repr(post) + repr(post.files) + repr(read_mail(post)) + repr(read_mail(post).attachments)
    for private in ("heron", "maya", "window", "divorce", "private", "r-abc", "06c96"):
        assert private not in shown.lower()


@pytest.mark.parametrize(
    "value",
    [b"=?" * 4_000, b"=?a?q?x" * 1_150, b"(" * 8_000, b'"\\' * 4_000, b"<" * 8_000, b"a\r\n " * 2_000],
    ids=["marks", "open words", "comments", "quotes", "brackets", "folds"],
)
def test_hostile_headers_take_no_time(value: bytes):
    raw = b"From: " + value + (b"\r\nSubject: " + value) * 7 + b"\r\n\r\n"
    started = time.process_time()
    read_mail(Post((("body-mime", raw),)))
    assert time.process_time() - started < 0.4
