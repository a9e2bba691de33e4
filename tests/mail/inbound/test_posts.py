"""Forms as they are posted: both encodings, exact bytes, no bounds, and the hash of their content."""

import time
from urllib.parse import quote_plus

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from service.mail.inbound.inbound_mail import MalformedPostError, content_hash, parse_post, read_mail
from tests.harness.posted_mail import FIELDS, FORM, RAW_MIME, multipart, urlencoded


@pytest.mark.parametrize("encode", ["escaped", "as it is", "a field of multipart", "a file"])
def test_raw_mime_keeps_its_bytes_exactly(encode: str) -> None:
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
def test_flask_would_have_damaged_that_raw_mime(body: bytes) -> None:
    """The control: why the body is decoded here and not by the framework."""
    with Flask("control").test_request_context(method="POST", content_type=FORM, data=body):
        assert request.form.get("body-mime", "").encode("latin-1", "replace") != b"Caf\xe9"


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
def test_what_is_no_whole_form_is_malformed(content_type: str, body: bytes) -> None:
    with pytest.raises(MalformedPostError):
        parse_post(content_type, body)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_malformed(body: bytes) -> None:
    read_mail(parse_post(FORM, body))
    try:
        read_mail(parse_post("multipart/form-data; boundary=x", b"--x\r\n" + body))
    except MalformedPostError:
        return


def test_neither_five_hundred_kilobytes_nor_a_thousand_parts_are_a_bound() -> None:
    """Flask stops at both by default, with a 413 that loses the mail after eight hours."""
    fields = [(f"X-Header-{n}", str(n)) for n in range(1_500)] + [("body-plain", "word " * 200_000)]
    post = parse_post(*multipart(fields, [("attachment-1", "a", "image/png", b"\0" * 1_000)]))
    assert len(post.fields) == 1_501
    assert len(post.raw("body-plain") or b"") == 1_000_000


def test_a_post_of_forty_megabytes_is_parsed_in_seconds_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", None)
    monkeypatch.setattr("tempfile.TemporaryFile", None)
    body = multipart(FIELDS, [("attachment-1", "a.jpg", "image/jpeg", b"\r\n\x00\xff" * 10_000_000)])
    started = time.process_time()
    post = parse_post(*body)
    assert len(post.files[0].data) == 40_000_000
    assert time.process_time() - started < 20


def test_the_content_hash_is_the_same_when_a_retry_rebuilds_and_signs_anew() -> None:
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
def test_other_content_has_another_hash(left: list[tuple[str, str]], right: list[tuple[str, str]]) -> None:
    assert content_hash(urlencoded(left)) != content_hash(urlencoded(right))


def test_files_count_in_the_hash() -> None:
    def hashed(name: str, data: bytes) -> bytes:
        return content_hash(parse_post(*multipart([], [("attachment-1", name, "text/plain", data)])))

    assert len({hashed("a", b"1"), hashed("b", b"1"), hashed("a", b"2")}) == 3
