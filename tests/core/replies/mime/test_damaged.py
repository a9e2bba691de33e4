"""Damaged MIME is read as mail programs read it: encodings, types and delimiters that are nearly right."""

from __future__ import annotations

import base64
import binascii

import pytest

from service.core.replies import decode_bodies
from tests.harness.mail import raw_mime as mime
from tests.harness.mail.raw_mime import HEADERS, container, page, part, picture, text
from tests.harness.mail.reply_examples import words_in

ONE, TWO = "Above the picture.", "Below it, more."
FOOTER = "_______________________________________________\nsteps mailing list\nsteps@lists.example.net"
WORDS = "Grün, süß. Only one coat fits."
LONG = "\n".join([WORDS] * 8)
BELOW = f"\r\n{FOOTER}\r\n".encode()


@pytest.mark.parametrize(
    "encoding",
    [
        "base64;",
        "BASE64",
        '"base64"',
        "base64 (soft)",
        "base-64",
        "base64, 8bit",
        "base64;charset=utf-8",
        "b64",
        "base64 ",
    ],
)
def test_base64_is_undone_however_it_is_written(encoding: str) -> None:
    assert words_in(mime.base64_part(WORDS, encoding)) == WORDS


@pytest.mark.parametrize(
    "encoding",
    [
        "quoted-printable;",
        "Quoted-Printable",
        "quoted_printable",
        "quotedprintable",
        '"quoted-printable"',
        "quoted-printable (x)",
    ],
)
def test_quoted_printable_is_undone_however_it_is_written(encoding: str) -> None:
    quoted = binascii.b2a_qp(WORDS.encode())
    assert words_in(part("text/plain; charset=utf-8", quoted, f"Content-Transfer-Encoding: {encoding}")) == WORDS


@pytest.mark.parametrize("words", [WORDS, LONG], ids=["short", "long"])
def test_plain_lines_around_base64_are_kept_apart_from_it(words: str) -> None:
    assert words_in(mime.base64_part(words, below=BELOW)) == " ".join(words.split())
    above = words_in(mime.base64_part(words, above=b"Take care: sent from outside.\r\n\r\n"))
    assert above == f"Take care: sent from outside. {' '.join(words.split())}"


ODD_BASE64 = {
    "on one line": base64.b64encode(LONG.encode()),
    "with doubled line ends": base64.encodebytes(LONG.encode()).replace(b"\n", b"\r\r\n"),
    "with blank lines": base64.encodebytes(LONG.encode()).replace(b"\n", b"\r\n\r\n"),
    "without its padding": base64.encodebytes(LONG.encode()).rstrip(b"=\n"),
    "with an exclamation mark a line": base64.encodebytes(LONG.encode()).replace(b"\n", b"!\n"),
    "in two pieces": base64.encodebytes(LONG[:100].encode()) + base64.encodebytes(LONG[100:].encode()),
    "not at all": LONG.encode(),
}


@pytest.mark.parametrize("body", ODD_BASE64.values(), ids=ODD_BASE64)
def test_damaged_base64_is_read(body: bytes) -> None:
    found = words_in(part("text/plain; charset=utf-8", body, "Content-Transfer-Encoding: base64"))
    assert found.replace(" ", "") == "".join(LONG.split())


def test_an_encoding_that_nobody_declared_is_undone_where_it_can_be_nothing_else() -> None:
    assert words_in(part("text/plain", base64.encodebytes(LONG.encode()))) == " ".join(LONG.split())
    assert words_in(part("text/plain", binascii.b2a_qp(WORDS.encode()))) == WORDS
    assert words_in(part("text/plain", b"1+1=C3 and 2=B4")) == "1+1=C3 and 2=B4"
    assert words_in(part("text/plain", b"abcdefghijklmnopqrstuvwxyzab")) == "abcdefghijklmnopqrstuvwxyzab"


@pytest.mark.parametrize(
    "content_type",
    [
        "plain/text; charset=utf-8", "text/plain charset=utf-8", "text; charset=utf-8", 'text/plain; charset="utf-8',
        "text/plain; charset = utf-8", "text/plain, charset=utf-8", "text\\plain; charset=utf-8", "text", "",
        "text/plain;; charset=utf-8;", "text/txt", "txt/plain", "charset=utf-8", "text/plain; charset='utf-8'",
        "text/plain: charset=utf-8", "text/plain; charset=utf-8; charset=x", "application/text; charset=utf8mb4",
    ],
)  # fmt: skip
def test_text_is_text_however_its_type_is_written(content_type: str) -> None:
    assert words_in(part(content_type, WORDS.encode(), "Content-Transfer-Encoding: 8bit")) == WORDS


@pytest.mark.parametrize("content_type", ["html/text", "text/html charset=utf-8", "html", "text/htm", "text\\html"])
def test_html_is_html_however_its_type_is_written(content_type: str) -> None:
    assert words_in(part(content_type, f"<p>{WORDS}</p>".encode())) == WORDS


PARTS = mime.delimited(text(WORDS), picture())
LOST = {
    "no boundary": part("multipart/mixed", PARTS),
    "an empty boundary": part('multipart/mixed; boundary=""', PARTS),
    "another boundary": part("multipart/mixed; boundary=other", PARTS),
    "no semicolon": part("multipart/mixed boundary==_a", PARTS),
    "no closing delimiter": part("multipart/mixed; boundary==_a", PARTS.removesuffix(b"--=_a--\r\n")),
    "called text": part("text/plain", PARTS),
    "called text, with alternatives": part("text/plain", mime.delimited(text(WORDS), page(WORDS))),
    "no type": part(None, PARTS),
    "in base64": part("multipart/mixed; boundary==_a", base64.encodebytes(PARTS), "Content-Transfer-Encoding: base64"),
    "in quoted-printable": part(
        "multipart/mixed; boundary==_a",
        binascii.b2a_qp(PARTS, istext=False),
        "Content-Transfer-Encoding: quoted-printable",
    ),
    "called base64": part("multipart/mixed; boundary==_a", PARTS, "Content-Transfer-Encoding: base64"),
    "a part without a header": container("mixed", b"\r\n" + WORDS.encode()),
    "a part without a header and a blank line": container("mixed", WORDS.encode(), picture()),
    "a part without a blank line": container("mixed", b"Content-Type: text/plain\r\n" + WORDS.encode()),
    "line feeds": container("mixed", text(WORDS), picture()).replace(b"\r\n", b"\n"),
}


@pytest.mark.parametrize("mail", LOST.values(), ids=LOST)
def test_parts_are_found_however_they_are_delimited(mail: bytes) -> None:
    assert words_in(mail) == WORDS


def test_a_mail_with_carriage_returns_alone_is_read() -> None:
    mail = (HEADERS + container("mixed", text(WORDS), picture())).replace(b"\r\n", b"\r")
    assert decode_bodies(mail).plain == WORDS


def test_parts_behind_an_early_closing_delimiter_are_read() -> None:
    body = mime.delimited(text(ONE)) + mime.delimited(text(TWO))
    assert words_in(part("multipart/mixed; boundary==_a", body)) == f"{ONE} {TWO}"


def test_words_with_a_colon_are_no_header_of_a_part() -> None:
    assert words_in(container("mixed", b"Note: this is mine.\r\n\r\nReally.")) == "Note: this is mine. Really."
