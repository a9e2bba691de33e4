"""Headers of any kind: decoded or left alone, one sender or none, and never slow."""

from urllib.parse import quote_plus

import pytest

from service.mail.inbound.headers import sole_address
from service.mail.inbound.inbound_mail import Post, parse_post, read_mail
from tests.harness.cpu import costs_less_than
from tests.harness.mail.posted_mail import FORM


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
def test_any_subject_is_read_or_left_as_it_is(header: bytes, text: str) -> None:
    raw = header + b"\r\n\r\nHello\r\n"
    assert read_mail(parse_post(FORM, b"body-mime=" + quote_plus(raw).encode())).subject == text


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 32 Foo 2026 25:61:00 +9999",
                                  "Fri, 31 Dec 9999 23:59:59 -1200"])  # fmt: skip
def test_a_senseless_date_is_none(date: str) -> None:
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
def test_a_from_names_one_sender_or_none(value: str, address: str | None) -> None:
    assert sole_address(value) == address


@pytest.mark.parametrize(
    "value",
    [b"=?" * 4_000, b"=?a?q?x" * 1_150, b"(" * 8_000, b'"\\' * 4_000, b"<" * 8_000, b"a\r\n " * 2_000],
    ids=["marks", "open words", "comments", "quotes", "brackets", "folds"],
)
def test_hostile_headers_take_no_time(value: bytes) -> None:
    raw = b"From: " + value + (b"\r\nSubject: " + value) * 7 + b"\r\n\r\n"
    assert costs_less_than(0.4, lambda: read_mail(Post((("body-mime", raw),))))
