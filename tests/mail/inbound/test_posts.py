"""Forms as they are posted: both encodings, exact bytes, no bounds, and the hash of their content."""

from collections.abc import Sequence
from urllib.parse import quote_plus, unquote_to_bytes

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from service.mail.inbound.form_bodies import UNQUOTED_AT_ONCE_BYTES, unquoted
from service.mail.inbound.inbound_mail import MalformedPostError, content_hash, parse_post, read_mail, read_signature
from service.mail.inbound.posts import MAX_FIELDS, MAX_FILES, MAX_SIGNATURE_VALUE_BYTES
from service.mail.signature import Signature
from tests.harness.cpu import costs_less_than
from tests.harness.mail.posted_mail import FIELDS, FORM, RAW_MIME, multipart, urlencoded


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
    assert len(parse_post(*body).files[0].data) == 40_000_000
    assert costs_less_than(20, lambda: parse_post(*body))


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


SIGNED = [("timestamp", "1"), ("token", "t+&=%"), ("signature", "s")]
SIGNATURE = Signature("1", "t+&=%", "s")


def forms(fields: Sequence[tuple[str, str]]) -> list[tuple[str, bytes]]:
    """Return the same form in both encodings."""
    escaped = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields)
    return [(FORM, escaped.encode()), multipart(fields, [("attachment-1", "token", "a/b", b"token=3&token=4")])]


@pytest.mark.parametrize("at", ["first", "last", "between"])
def test_the_signature_is_found_wherever_it_stands(at: str) -> None:
    others = [("Token", "another"), ("body-plain", "&token=no"), ("Signature", "x"), ("Xtoken", "y")]
    order = {"first": [*SIGNED, *others], "last": [*others, *SIGNED], "between": [others[0], *SIGNED, *others[1:]]}[at]
    for form in forms(order):
        assert read_signature(*form) == SIGNATURE == parse_post(*form).signature


@pytest.mark.parametrize("name", ["timestamp", "token", "signature"])
@pytest.mark.parametrize("value", ["t+&=%", "another", ""])
def test_a_signature_field_that_is_there_twice_counts_as_none(name: str, value: str) -> None:
    for form in forms([*SIGNED, ("body-plain", "words"), (name, value)]):
        assert getattr(read_signature(*form), name) == "" == getattr(parse_post(*form).signature, name)


def test_a_signature_field_over_a_kilobyte_counts_as_none() -> None:
    for length, found in ((MAX_SIGNATURE_VALUE_BYTES, True), (MAX_SIGNATURE_VALUE_BYTES + 1, False)):
        for form in forms([*SIGNED[:2], ("signature", "s" * length)]):
            assert bool(read_signature(*form).signature) is found


def test_a_file_by_the_name_of_a_signature_field_is_none() -> None:
    form = multipart(SIGNED[:2], [("signature", "s", "text/plain", b"s")])
    assert read_signature(*form).signature == ""


@given(st.lists(st.tuples(st.sampled_from(["token", "Token", "timestamp", "signature", "a", ""]), st.text(max_size=9))))
def test_what_the_search_finds_is_what_the_parser_finds(fields: list[tuple[str, str]]) -> None:
    for form in forms([(name, value.replace("\0", "")) for name, value in fields]):
        assert read_signature(*form) == parse_post(*form).signature


PIECES = [b"token", b"timestamp", b"signature", b"=", b"&", b"%", b"7", b"4", b"+", b"a", b'"', b"\r\n", b"--x", b"--"]
PIECES += [b"Content-Disposition: form-data; name=", b"filename=", b"; ", b": ", b"*=utf-8''"]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_no_post_passes_with_one_signature_searched_and_another_parsed(body: bytes) -> None:
    """They may disagree, as on a name that is escaped; then the post is refused, since both have to be the same."""
    for form in ((FORM, body), ("multipart/form-data; boundary=x", b"--x\r\n" + body + b"\r\n--x--")):
        try:
            searched, parsed = read_signature(*form), parse_post(*form).signature
        except MalformedPostError:
            continue
        for name in ("timestamp", "token", "signature"):
            assert getattr(searched, name) == getattr(parsed, name) or "" in {
                getattr(searched, name),
                getattr(parsed, name),
            }


def test_a_name_that_is_escaped_makes_the_two_disagree() -> None:
    """The control: why what is parsed is compared with what was checked."""
    body = b"token=1&%74oken=2&timestamp=1&signature=s"
    assert read_signature(FORM, body).token == "1"
    assert parse_post(FORM, body).signature.token == ""


@given(st.lists(st.sampled_from([b"%4", b"%41", b"%", b"+", b"%zz", b"ab", b"%E9", b"x" * 4_000, b"%41" * 3_000])))
def test_a_value_is_decoded_in_pieces_as_it_would_be_at_once(pieces: list[bytes]) -> None:
    body = b"".join([b"=", *pieces, b"y" * UNQUOTED_AT_ONCE_BYTES, *pieces])
    assert unquoted(body, 1, len(body)) == unquote_to_bytes(body[1:].replace(b"+", b" "))


def test_a_mail_of_more_headers_than_are_kept_loses_none_of_the_providers_fields() -> None:
    headers = [(f"X-{number}", "") for number in range(MAX_FIELDS + 5)]
    fields = [("recipient", "a@b"), *headers, ("body-plain", "first"), ("body-plain", "second"), *SIGNED]
    for form in forms(fields):
        post = parse_post(*form)
        assert len(post.fields) == MAX_FIELDS + 4
        assert (post.text("recipient"), post.text("body-plain"), post.signature) == ("a@b", "first", SIGNATURE)
        assert [file.name for file in post.files] == ["attachment-1"] * (form[0] != FORM)


def test_of_more_files_than_are_kept_the_first_are() -> None:
    files = [(f"attachment-{number}", "a", "a/b", b"x") for number in range(MAX_FILES + 1)]
    post = parse_post(*multipart([("recipient", "a@b")], files))
    assert (len(post.files), post.files[-1].name) == (MAX_FILES, f"attachment-{MAX_FILES - 1}")


def test_eleven_hundred_headers_and_a_hundred_attachments_are_all_there() -> None:
    headers = [(f"X-{number}", "value") for number in range(1_100)]
    files = [(f"attachment-{number}", "a.jpg", "image/jpeg", bytes(100)) for number in range(100)]
    post = parse_post(*multipart([*headers, *SIGNED], files))
    assert (len(post.fields), len(post.files), post.signature) == (1_103, 100, SIGNATURE)


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\n--x--", b"\r\n--xy\r\n", b"\r\n-", b"--y", b"\0\r\n\r\n\xff"])
def test_the_content_of_a_part_is_kept_whatever_it_is(content: bytes) -> None:
    head = b'--x  \r\nContent-Type: a/b\r\nContent-disposition: form-data;\r\n name="a"\r\n\r\n'
    body = b"before\r\n" + head + content + b"\r\n" + head + b"\r\n--x--after"
    assert parse_post("multipart/form-data; boundary=x", body).fields == (("a", content), ("a", b""))
