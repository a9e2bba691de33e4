"""From bytes to bodies: charsets, flowed text, structure and bounds."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.replies import decode_bodies
from service.core.replies.mime.flowed import unflowed
from service.core.replies.mime.mime_headers import HEADER_BYTES, HEADERS_BYTES
from service.core.replies.mime.mime_parts import DEPTH, PARTS


def mail(body: bytes, content_type: str = "text/plain; charset=utf-8", *more: str) -> bytes:
    return "\r\n".join((f"Content-Type: {content_type}", *more, "", "")).encode() + body


def multipart(kind: str, *parts: bytes) -> bytes:
    inner = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary=b\r\n\r\n".encode() + inner + b"--b--\r\n"


@pytest.mark.parametrize(
    ("text", "encoding", "label"),
    [
        ("残業。月がきれい。", "iso2022_jp", "iso-2022-jp"),
        ("今日は雨でした①", "cp932", "shift_jis"),
        ("你好，今天很好。", "gb18030", "gb2312"),
        ("今天下班後去騎車", "big5", "big5"),
        ("안녕하세요 똠", "cp949", "ks_c_5601-1987"),
        ("Сегодня снег", "koi8-r", "koi8-r"),
        ("היום הלכתי לים", "iso-8859-8", "iso-8859-8-i"),
        ("“Naïve” — €4…", "cp1252", "iso-8859-1"),
        ("“Naïve” — €4…", "cp1252", ""),
        ("“Naïve” — €4…", "cp1252", "us-ascii"),
        ("“Naïve” — €4…", "utf-8", "us-ascii"),
        ("“Naïve” — €4…", "utf-8", "x-no-such-charset"),
        ("“Naïve” — €4…", "utf-8", "base64"),
        ("สวัสดี", "cp874", "windows-874"),
    ],
)
def test_a_charset_is_read_as_mail_programs_mean_it(text: str, encoding: str, label: str) -> None:
    content_type = f"text/plain; charset={label}" if label else "text/plain"
    assert decode_bodies(mail(text.encode(encoding), content_type)).plain == text


def test_bytes_that_no_charset_reads_become_replacement_characters() -> None:
    found = decode_bodies(mail(b"ok \x81 \x8d fine \xff", "text/plain; charset=utf-8")).plain
    assert found is not None
    assert found.startswith("ok ")
    assert "\ufffd" in found


def test_transfer_encodings_are_undone() -> None:
    text = "Schöner Tag 🎉"
    coded = mail(base64.encodebytes(text.encode()), "text/plain; charset=utf-8", "Content-Transfer-Encoding: base64")
    assert decode_bodies(coded).plain == text
    quoted = quopri.encodestring(text.encode())
    coded = mail(quoted, "text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable")
    assert decode_bodies(coded).plain == text


def test_flowed_lines_are_joined_and_the_delimiter_stays() -> None:
    text = "A long \r\nline.\r\n> quoted \r\n> too\r\n>> deeper\r\n From here\r\n-- \r\nMia"
    assert unflowed(text, delsp=False) == "A long line.\n> quoted too\n>> deeper\nFrom here\n-- \nMia"
    assert unflowed("今日 \n は \n雨", delsp=True) == "今日は雨"
    body = mail(b"A long \r\nline.", "text/plain; charset=utf-8; format=flowed")
    assert decode_bodies(body).plain == "A long line."


def test_the_bodies_are_found_among_parts_and_the_rest_is_attached() -> None:
    alternative = multipart("alternative", mail(b"plain"), mail(b"<p>html</p>", "text/html"))
    picture = mail(b"GIF", 'image/gif; name="a.gif"', "Content-ID: <one@x>", "Content-Disposition: inline")
    notes = mail(
        b"Not the reply.", "text/plain", 'Content-Disposition: attachment; filename="=?utf-8?q?n=C3=B6te.txt?="'
    )
    found = decode_bodies(multipart("mixed", alternative.replace(b"=b", b"=c").replace(b"--b", b"--c"), picture, notes))
    assert (found.plain, found.html) == ("plain", "<p>html</p>")
    assert [(a.filename, a.content_type, a.content_id) for a in found.attachments] == [
        ("a.gif", "image/gif", "one@x"),
        ("nöte.txt", "text/plain", ""),
    ]
    assert found.attachments[0].data == b"GIF"
    assert not found.bounded


def test_two_bodies_that_follow_each_other_are_both_read() -> None:
    found = decode_bodies(multipart("mixed", mail(b"first <words>"), mail(b"<p>second</p>", "text/html")))
    assert found.html is not None
    assert "first &lt;words&gt;" in found.html
    assert "second" in found.html


def test_headers_are_decoded_and_kept_in_order() -> None:
    subject = b"Subject: =?utf-8?q?Re=3A_sch=C3=B6n?=\r\n"
    raw = b"To: a@x\r\n" + subject + b"TO: b@x\r\nX-Raw: \xc3\xa9\r\nX-Bad: =?x?q?a?=\r\n\r\nbody"
    headers = decode_bodies(raw).headers
    assert headers["to"] == ("a@x", "b@x")
    assert headers["subject"] == ("Re: schön",)
    assert headers["x-raw"] == ("é",)
    assert headers["x-bad"] == ("a",)


def test_headers_beyond_their_bounds_are_cut_and_the_body_is_read() -> None:
    long = decode_bodies(b"Subject: " + b"a" * (2 * HEADER_BYTES) + b"\r\nTo: a@x\r\n\r\nbody")
    assert (long.plain, long.bounded, long.headers["to"]) == ("body", True, ("a@x",))
    assert len(long.headers["subject"][0]) <= HEADER_BYTES
    many = decode_bodies(b"X-A: b\r\n" * HEADERS_BYTES + b"\r\nbody")
    assert (many.plain, many.bounded) == ("body", True)


def test_parts_beyond_their_bounds_are_left_out() -> None:
    many = decode_bodies(multipart("mixed", *[mail(b"x", "image/gif")] * (PARTS + 5)))
    assert (len(many.attachments), many.bounded) == (PARTS, True)
    deep = b"Content-Type: text/plain\r\n\r\nbottom"
    for number in range(DEPTH + 2):
        mark = b"b%d" % number
        deep = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--\r\n" % (mark, mark, deep, mark)
    assert decode_bodies(deep).bounded


def test_a_mail_nested_beyond_reason_is_read_as_text() -> None:
    nest = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 3_000 + b"\nwords"
    found = decode_bodies(nest)
    assert found.bounded
    assert found.plain is not None
    assert "words" in found.plain


def test_nothing_of_a_mail_is_in_the_representation() -> None:
    assert "secret" not in repr(decode_bodies(b"Subject: secret\r\n\r\nsecret"))


_PIECES = [
    b"Content-Type: multipart/mixed; boundary=a\n\n",
    b"--a\n",
    b"--a--",
    b"Content-Type: text/html\n\n",
    b"<p>x",
    b"Content-Type: text/plain; charset=\xff; format=flowed\n",
    b"Content-Transfer-Encoding: base64\n\n",
    b"=?utf-8?b?/w==?=",
    b"Subject: ",
    b"\n",
    b"\r\n\r\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Type: message/delivery-status\n\n",
    b"\xff\xfe",
    b"Content-Disposition: attachment; filename*=utf-9'x'%ff\n",
    b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n#0V%T\n",
]


@given(st.lists(st.sampled_from(_PIECES) | st.binary(max_size=20), max_size=30).map(b"".join))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    decode_bodies(raw)


@pytest.mark.parametrize(
    ("enriched", "text"),
    [
        ("<bold>The</bold> grey one.<nl>\n\n\n<italic>Always</italic>.", "The grey one.\n\nAlways."),
        ("one line\nthat was wrapped\nx\ny", "one line that was wrapped x y"),
        ("<color><param>red</param>Red</color> and 2 << 4 > 3", "Red and 2 < 4 > 3"),
        ("<nofill>plain</nofill> <3 you", "plain <3 you"),
        ("<color><param>red, she said, and went on", "red, she said, and went on"),
    ],
)
def test_enriched_text_loses_its_commands(enriched: str, text: str) -> None:
    assert decode_bodies(mail(enriched.encode(), "text/enriched; charset=utf-8")).plain == text
