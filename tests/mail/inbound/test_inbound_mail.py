"""A route's post as a mail: both forms, every encoding, and whatever is missing or broken."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote_plus

import pytest

from service.mail.inbound.inbound_mail import parse_post, read_mail
from tests.harness.mail.posted_mail import FIELDS, FORM, RAW_MIME, mail, multipart, urlencoded


def test_a_urlencoded_post_becomes_the_mail() -> None:
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


def test_files_come_in_their_number_s_order_with_their_content_id() -> None:
    files = [
        ("attachment-10", "c.png", "image/png", b"c"),
        ("attachment-2", "b.png", "image/png", b"b\r\n--xYzZ\r\n"),
        ("attachment-1", "a.txt", "text/plain; charset=utf-8", b""),
    ]
    found = read_mail(parse_post(*multipart(FIELDS, files)))
    assert [a.filename for a in found.attachments] == ["a.txt", "b.png", "c.png"]
    assert [a.content_id for a in found.attachments] == ["", "part1@home.example", ""]
    assert found.attachments[1].data == b"b\r\n--xYzZ\r\n"
    assert found.attachments[0].content_type == "text/plain"


def test_the_provider_s_verdict_is_the_first_and_a_sender_s_copy_is_not_believed() -> None:
    found = mail()
    assert (found.spf, found.dkim, found.flag) == ("pass", "pass", "no")
    assert found.all_headers("x-mailgun-spf") == ["Pass", "Fail"]


def test_only_lower_case_names_are_the_provider_s() -> None:
    post = urlencoded([("Token", "sender's"), ("token", "provider's"), ("Recipient", "x@y")])
    assert post.signature.token == "provider's"
    assert read_mail(post).recipients == ()


@pytest.mark.parametrize(
    "absent",
    ["body-plain", "body-html", "stripped-text", "message-headers", "content-id-map", "recipient",
     "sender", "from", "subject", "timestamp", "token", "signature", "Date", "Message-Id"],
)  # fmt: skip
def test_any_field_may_be_absent(absent: str) -> None:
    read_mail(urlencoded([(name, value) for name, value in FIELDS if name != absent]))
    read_mail(urlencoded([]))


@pytest.mark.parametrize("broken", ["", "[", "{}", "[[1]]", '[["a"]]', "[" * 100_000, "null"])
def test_broken_header_lists_and_maps_lose_nothing_else(broken: str) -> None:
    fields = [(n, v) for n, v in FIELDS if n not in {"message-headers", "content-id-map"}]
    found = read_mail(urlencoded([*fields, ("message-headers", broken), ("content-id-map", broken)]))
    assert found.plain is not None
    assert found.from_address == "maya@home.example"


def test_without_the_header_list_the_title_case_fields_stand_in() -> None:
    found = mail(without=["message-headers"])
    assert found.message_id == "<CAF=abc123@mail.home.example>"
    assert found.spf == "pass"


def test_several_html_parts_are_all_kept() -> None:
    assert mail(("body-html", "<p>second</p>")).html == (
        "<p>A heron, and a bus.</p><blockquote>What went past?</blockquote>\n<p>second</p>"
    )


def test_nul_and_broken_utf_8_become_replacement_characters() -> None:
    post = parse_post(FORM, b"body-plain=a%00b%FFc")
    assert read_mail(post).plain == "a\ufffdb\ufffdc"


def test_the_mime_form_gives_the_same_headers_and_verdicts() -> None:
    found = read_mail(parse_post(FORM, b"body-mime=" + quote_plus(RAW_MIME).encode()))
    assert found.from_header == "Maya Brühl <maya@home.example>"
    assert found.from_address == "maya@home.example"
    assert found.message_id == "<CAF=abc123@mail.home.example>"
    assert (found.spf, found.dkim, found.flag) == ("pass", "pass", "no")
    received = found.header("received")
    assert received is not None
    assert received.endswith("19:12:40 +0000")
    assert found.sent_at == datetime(2026, 5, 3, 19, 12, 31, tzinfo=UTC)


def test_two_from_headers_name_nobody() -> None:
    raw = b"From: a@b.example\r\nFrom: c@d.example\r\n\r\n"
    assert read_mail(parse_post(FORM, b"body-mime=" + quote_plus(raw).encode())).from_address is None


def test_no_repr_shows_anything_private() -> None:
    files = [("attachment-1", "divorce.txt", "text/plain", b"private words")]
    post = parse_post(*multipart(FIELDS, files))
    shown = repr(post) + repr(post.files) + repr(read_mail(post)) + repr(read_mail(post).attachments)
    for private in ("heron", "maya", "window", "divorce", "private", "r-abc", "06c96"):
        assert private not in shown.lower()


@pytest.mark.parametrize("headers", [20, 200_000])
def test_a_long_list_of_headers_is_read_from_its_top(headers: int) -> None:
    """A stranger who lists a megabyte may not choose that another source counts: the verdict goes by the order."""
    listed = [["Received", "by mx"], ["X-Mailgun-Spf", "Pass"], *([["X-Filler", "x"]] * headers)]
    found = mail(("message-headers", json.dumps(listed)), without=["message-headers"])
    assert [name for name, _ in found.headers[:3]] == ["Received", "X-Mailgun-Spf", "X-Filler"]
    assert found.spf is None


def test_a_mail_without_its_contents_has_all_but_these() -> None:
    post = parse_post(*multipart(FIELDS, [("attachment-1", "a.txt", "text/plain", b"hello")]))
    head, whole = read_mail(post, with_contents=False), read_mail(post)
    assert (head.plain, head.html, head.attachments) == (None, None, ())
    assert replace(head, plain=whole.plain, html=whole.html, attachments=whole.attachments) == whole
