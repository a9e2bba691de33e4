"""No mail takes long to read: 100 ms of CPU per 100 kB, with a margin for busy machines."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import pytest

from service.core.replies import SentEmail, decode_bodies
from tests.harness.mail.reply_examples import ADDRESS, GMAIL_EN, SENT, TEXT, quoted, read

KB = 1_000
LIMIT_MS = 3_000  # a guard against hanging; the bar is 100 ms on a quiet machine, and a loaded one was seen at 346
NAMED = replace(SENT, recipient_names=("Mia Wren", "mia@mail.example"), earlier_replies=("The grey one.\n" * 2_000,))
HEADERS = f"From: Small Steps <{ADDRESS}>\nSent: 3 September 2026 10:20\nTo: Mia\nSubject: {SENT.subject}"

TEXTS = {
    "6 kB of On": "On " * 2 * KB,
    "100 kB of On": "On " * 33 * KB,
    "200 kB on one line": "a" * 200 * KB,
    "words on one line": "word " * 40 * KB,
    "1 MB": "The whole of a very long day. " * 33 * KB,
    "colons": "a:\n" * 33 * KB,
    "headers": "From: a@b.c\nTo: b\n" * 6 * KB,
    "headers apart": "From: a@b.c\n\n" * 8 * KB,
    "open brackets": "From: [a\n" * 11 * KB,
    "quotation marks": ">" * 100 * KB,
    "quoted lines": "> a\n" * 25 * KB,
    "blank": "\n" * 100 * KB,
    "spaces": " " * 100 * KB + "x",
    "delimiters": "-- \n" * 25 * KB,
    "signatures": "-- \na\n" * 20 * KB,
    "device lines": "Sent from my iPhone\n\n" * 5 * KB,
    "notices": "virus-free\n\n" * 8 * KB,
    "the prompt again and again": TEXT * 400,
    "one line of the prompt": "What made you smile today?\n" * 4 * KB,
    "attributions": "2026-01-01 10:20 x wrote:\n" * 4 * KB,
    "attributions with quotations": "On 2026-01-01 10:20 <a@b.c> wrote:\n> x\n" * 2_500,
    "dividers": "----- original message -----\n" * 3_500,
    "torn addresses": "<\n" * 50 * KB + "a wrote:",
    "rules": ("_" * 50 + "\n") * 2 * KB,
    "Japanese attributions": "日本語のメール:\n" * 12 * KB,
    "armour, never ended": "-----BEGIN PGP SIGNATURE-----\n" * 3 * KB,
    "armour, ended late": "-----BEGIN PGP SIGNATURE-----\n" + "a" * 60 + "\n" * 90 * KB,
    "rows of a table": "| a | b |\n" * 10 * KB + TEXT,
    "bars": "|\n" * 50 * KB,
    "headers without colons": "From a@b.c\nDate 2026-01-01 10:20\n" * 3 * KB + TEXT,
    "headers above the prompt": "From: a@b.c\n" * 8 * KB + TEXT,
    "titled rules": "--- original ---\n" * 6 * KB + TEXT,
    "our address": f"<{ADDRESS}>\n" * 1_700 + TEXT,
    "our address, on one line": f"{ADDRESS} " * 1_700,
    "our address, in blank lines": f"{ADDRESS}\n\n\n\n" * 1_700 + TEXT,
    "signs of an address": "a@" * 50 * KB,
    "the beginning of a token": "r-" + "a" * 100 * KB + "@",
    "their name": "Mia Wren wrote:\n" * 6 * KB + TEXT,
    "their headers": "From: Mia Wren <mia@mail.example>\nSent: 2026-01-01 10:20\n" * 1_700 + TEXT,
    "their attributions": "On 2026-01-01 10:20 Mia Wren <mia@mail.example> wrote:\n> x\n" * 1_700 + quoted(TEXT),
    "the prompt on one line": " ".join(TEXT.split()) * 400,
    "the prompt on long lines": (" ".join(TEXT.split()) + " words\n") * 400,
    "the start of the prompt on long lines": "What made you smile today? And so it went on and on, all day long. "
    * 1_500,
    "banners": f"{HEADERS}\n\n" + "external email\n\n" * 5 * KB + TEXT,
    "sentences before an attribution": "So. " * 25 * KB + GMAIL_EN + "\n" + quoted(TEXT),
}
PAGES = {
    "300 divs": "<div>" * 300 + "words here" + "</div>" * 300,
    "20,000 divs": "<div>" * 20 * KB + "words here",
    "quotations in quotations": "<blockquote>" * 199 + "words here",
    "bold, never closed": "<b>" * 1_900 + "words here",
    "links, never closed": "<a href='http://x.y/'>" * 1_900 + "<br>" * 50 + "words here",
    "comments": "<!--" * 25 * KB + "words here",
    "scripts": "words here" + "<script>" * 12 * KB,
    "brackets": "<" * 100 * KB + " words here",
    "half tags": "words here" + "<a " * 33 * KB,
    "entities": "words here" + "&#" * 50 * KB,
    "tables": "<table><tr><td>" * 60 + "words here",
    "attributes": "<div " + "a=b " * 25 * KB + ">words here</div>",
    "an inline picture": "<img src='data:image/png;base64," + "A" * 1_000 * KB + "'>words here",
    "bold over blocks": "<b>" * 100 + "<div>x</div>" * 1_800 + "words here",
}


def multipart(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    """Parts in a container, the delimiter before each."""
    return (
        b"Content-Type: multipart/" + kind + b"; boundary=a\n\n" + b"".join(b"--a\n" + part + b"\n" for part in parts)
    )


def nested(levels: int, inner: bytes) -> bytes:
    """Containers in containers, each with a boundary of its own."""
    for level in range(levels):
        mark = b"b%d" % level
        inner = b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n%s\n--%s--\n" % (mark, mark, inner, mark)
    return inner


def headed(header: bytes, body: bytes = b"words") -> bytes:
    """A part with one header field."""
    return header + b"\n\n" + body


PLAIN, CODED = b"Content-Type: text/plain", b"Content-Transfer-Encoding: "
RTF = b"Content-Type: text/rtf"
WINMAIL = b"\x78\x9f\x3e\x22\x01\x00\x01\x03\x90\x06\x00\xff\xff\xff\x00\xff\xff\xff\x00"
SIGNED = b"0\x80\x06\t*\x86H\x86\xf7\r\x01\x07\x01\xa0\x80$\x80"
MAILS = {
    "300 containers, each in another": nested(300, b"\nwords " * 8 * KB),
    "20 containers with many delimiters": nested(19, b"\nwords\n" + b"--b1x\n" * 16 * KB),
    "one boundary for all": (b"Content-Type: multipart/mixed; boundary=a\n\n--a\n") * 390 + b"\n" + b"a " * 40 * KB,
    "delimiters": multipart() + b"--a\n" * 25 * KB,
    "nearly delimiters": multipart() + (b"--a" + b" " * KB + b"x\n") * 100,
    "mails in mails": b"Content-Type: message/rfc822\n\n" * 3 * KB + b"words",
    "a type without an end": multipart(*[headed(b"Content-Type: " + b"a" * 8 * KB)] * 12),
    "parameters without an end": multipart(*[headed(b"Content-Type: x/y; " + b"a" * 4 * KB + b" " * 4 * KB)] * 12),
    "quotation marks in parameters": multipart(*[headed(PLAIN + b"; " + b'a="' * 2_600)] * 12),
    "pieces of parameters": multipart(*[headed(PLAIN + b"".join(b";a*%d=b" % n for n in range(900)))] * 12),
    "encoded words": multipart(*[headed(PLAIN + b'; name="' + b"=?u?q?a?=" * 99 + b'"')] * 95),
    "comments in an encoding": multipart(*[headed(CODED + b"(" * 8 * KB)] * 12),
    "base64 with noise": headed(CODED + b"base64", b"A!\n" * 33 * KB),
    "base64 in blocks": headed(CODED + b"base64", b"YWJjZGVmZ2hpamts\nYWI=\n.\n" * 4 * KB),
    "quoted-printable": headed(CODED + b"quoted-printable", b"=" * 100 * KB),
    "quoted-printable undeclared": headed(PLAIN, b"=C3=A4" + (b"=" + b" " * KB) * 100),
    "uuencoded": headed(CODED + b"x-uuencode", b"begin 644 x" * 9 * KB),
    "two charsets": headed(PLAIN, b"\xc3\xa4\n\xe4\n" * 20 * KB),
    "no charset": headed(PLAIN, bytes(range(128, 256)) * 800),
    "escape sequences": headed(PLAIN, b"\x1b$B" + b"-!" * 50 * KB),
    "escape sequences without escapes": headed(PLAIN + b"; charset=iso-2022-jp", b"$B" * 50 * KB),
    "EUC-JP": headed(PLAIN + b"; charset=euc-jp", b"\xad\xa1" * 50 * KB),
    "enriched text": headed(b"Content-Type: text/enriched", b"<a" * 50 * KB),
    "charsets in HTML": headed(b"Content-Type: text/html", b"<meta " * 16 * KB),
    "many pages": multipart(*[headed(b"Content-Type: text/html", b"<div>" * 190)] * 95),
    "many alternatives": multipart(*[headed(PLAIN, b"word%d " % n * 140) for n in range(95)], kind=b"alternative"),
    "pieces of a signature": headed(b"Content-Type: application/pkcs7-mime", SIGNED + b"\x04\x00" * 50 * KB),
    "groups of RTF": headed(RTF, b"{\\rtf1" + b"{" * 100 * KB),
    "settings of RTF": headed(RTF, b"{\\rtf1" + b"\\uc1" * 25 * KB),
    "fonts of RTF": headed(RTF, b"{\\rtf1{\\fonttbl" + b"\\f1\\fcharset204" * 6 * KB),
    "properties of a winmail.dat": headed(
        b"Content-Type: application/ms-tnef", WINMAIL + bytes((3, 0, 0, 0)) * 25 * KB
    ),
}


def milliseconds(plain: str | None, html: str | None, sent: SentEmail | None) -> float:
    before = process_time()
    read(plain, html, sent)
    size = len(plain or "") + len(html or "")
    return (process_time() - before) * 1_000 / max(size / (100 * KB), 1)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("sent", [NAMED, None], ids=["prompt known", "prompt unknown"])
def test_no_text_takes_long(text: str, sent: SentEmail | None) -> None:
    assert milliseconds(text, None, sent) < LIMIT_MS


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_no_html_takes_long_or_loses_its_words(page: str) -> None:
    assert milliseconds(None, page, SENT) < LIMIT_MS
    found = read(None, page)
    assert "words here" in found.text + found.over


def test_words_deeper_than_any_tree_are_kept() -> None:
    for depth in (150, 254, 300, 3_000, 100_000):
        assert read(None, "<div>" * depth + "words" + "</div>" * depth).text == "words"


@pytest.mark.parametrize("mail", MAILS.values(), ids=MAILS)
def test_no_mail_takes_long_to_take_apart(mail: bytes) -> None:
    before = process_time()
    decode_bodies(mail)
    assert (process_time() - before) * 1_000 / max(len(mail) / (100 * KB), 1) < LIMIT_MS
