"""The work of reading grows with the size of a mail, and not with its square, whatever an attacker repeats in it.

Work is counted in calls of functions, which no busy machine changes. Where one call may do it all, as a codec or a
regular expression, two sizes are timed in the same run.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Callable
from functools import partial
from time import process_time
from types import FrameType

import pytest

from service.core.replies import decode_bodies
from tests.core.replies.test_hostile import CODED, NAMED, PLAIN, SIGNED, WINMAIL, headed, multipart, nested
from tests.harness.mail.reply_examples import ADDRESS, SENT, TEXT, quoted, read

SIZE = 8_000
WHOLE = 100_000
MOST_CALLS = 500_000  # for a mail of 100 kB; about 100 ms on a slow machine
LONG = " ".join(TEXT.split())
COMPRESSED = bytes.fromhex("060b2a864886f70d0109100308")  # id-alg-zlibCompress
PKCS7 = b"Content-Type: application/pkcs7-mime"
TNEF = b"Content-Type: application/ms-tnef"


def fill(text: str, size: int) -> str:
    """Text repeated up to a size."""
    return text * (size // len(text))


def fill_bytes(data: bytes, size: int) -> bytes:
    """Bytes repeated up to a size."""
    return data * (size // len(data))


TEXTS: dict[str, Callable[[int], str]] = {
    "dates that end with a hyphen": lambda n: fill("On 2026-01-01 10:20 -\n", n),
    "addresses that nothing introduces": lambda n: fill("<a@b.c>\n", n),
    "their name": lambda n: fill("Mia Wren wrote:\n", n),
    "quoted attributions with our address": lambda n: fill(f"> On 2026-01-01 10:20 <{ADDRESS}> wrote:\n> x\n", n),
    "our question between words": lambda n: fill("> What made you smile today?\nmine\n", n),
    "earlier replies between attributions": lambda n: (
        fill("> The grey one.\nOn 2026-01-01 10:20 Mia Wren <mia@mail.example> wrote:\n", n) + quoted(TEXT)
    ),
    "long lines that begin like ours": lambda n: fill(LONG[:60] + " word" * 30 + "\n", n),
    "signed lines": lambda n: "-----BEGIN PGP SIGNED MESSAGE-----\n\n" + fill("- -x\n", n),
    "signatures without an end": lambda n: fill("-----BEGIN PGP SIGNATURE-----\nabc\n", n),
    "headers that go on": lambda n: "From: a\n" + fill("<a@b.c\n", n),
    "notices": lambda n: fill("this email and any intended recipient, confidential\n\n", n),
    "depths": lambda n: "\n".join(">" * depth + " x" for depth in range(1, int((2 * n) ** 0.5))),
    "pictures": lambda n: fill("[image: a]\n", n),
    "Arabic attributions": lambda n: fill("كتب في 10:20:\n", n),
}
# Kinds that once took 650,000 calls or more, most of them far more.
COSTLY: dict[str, str] = {
    "their name": fill("Mia Wren wrote:\n", WHOLE),
    "labels": fill("a:\n", WHOLE),
    "Japanese attributions": fill("日本語のメール:\n", WHOLE),
    "attributions with quotations": fill("On 2026-01-01 10:20 <a@b.c> wrote:\n> x\n", WHOLE),
    "words before attributions": fill("Yes. On 2026-01-01 10:20 x <a@b.c> wrote:\n> x\n", WHOLE),
    "headers that may come twice": fill("Cc: a@b.c\n", WHOLE),
    "such headers above earlier replies": fill("Cc: a@b.c\n" * 14 + "> The grey one.\n", WHOLE),
    "quoted addresses above ours": fill("> <a@b.c>\n", WHOLE) + quoted(TEXT),
    "dated rules above ours": fill("x ---03/09/2026 10:20---\n", WHOLE) + quoted(TEXT),
    "device lines": fill("Sent from x\n", WHOLE),
}
COSTLY_PAGES: dict[str, str] = {
    "lines as typed": "<pre>" + fill("a\n", WHOLE) + "</pre>",
    "end tags that make elements": fill("</br>", WHOLE),
    "line breaks": fill("<br>", WHOLE),
}
PAGES: dict[str, Callable[[int], str]] = {
    "one style": lambda n: "<div style='" + fill("margin:0; ", n) + "'>words here</div>",
    "one class": lambda n: "<div class='" + fill("gmail_quote ", n) + "'>words here</div>",
    "white space in many pieces": lambda n: "<i> </i>" * 900 + fill(" ", n) + "words here",
    "items": lambda n: "<ol>" + fill("<li>a", n) + "</ol>words here",
    "lines as typed": lambda n: "<pre>" + fill("a@b.c wrote:\n", n) + "</pre>words here",
}
MAILS: dict[str, Callable[[int], bytes]] = {
    "headers in a charset that none names": lambda n: fill_bytes(b"X: \xe9\xe8\xf0\xf1\n", n) + b"\nwords",
    "parts in charsets that none names": lambda n: multipart(
        *[headed(PLAIN, fill_bytes("Вчера я долго. ".encode("cp1251"), 500))] * (n // 500)
    ),
    "files that may be text": lambda n: multipart(
        *[headed(b"Content-Type: application/octet-stream", fill_bytes(b"\xe4 a\xf6\xfc\xdf", 500))] * (n // 500)
    ),
    "parts in the wrong charset": lambda n: multipart(
        *[headed(PLAIN + b"; charset=iso-8859-1", fill_bytes(b"\xe4\xc4 a\xdf", 500))] * (n // 500)
    ),
    "nearly the boundary": lambda n: multipart() + b"--a\n\n" + fill_bytes(b"--aa\n", n),
    "mails in mails in parts": lambda n: nested(18, b"Content-Type: message/rfc822\n\n" + fill_bytes(b"words\n", n)),
    "header fields": lambda n: fill_bytes(b"X-A: b\n", n) + b"\nwords",
    "base64 in short blocks": lambda n: headed(CODED + b"base64", fill_bytes(b"QQ==\n", n)),
    "escape sequences that are lost": lambda n: headed(PLAIN + b"; charset=iso-2022-jp", fill_bytes(b"$B!!(B", n)),
    "soft line breaks": lambda n: headed(PLAIN + b"; format=flowed", fill_bytes(b"> a \n>> b \n", n)),
    "parameters of enriched text": lambda n: headed(b"Content-Type: text/enriched", fill_bytes(b"<param>", n)),
    "pieces of a signature": lambda n: headed(PKCS7, SIGNED + b"\x24\x80" * (n // 2)),
    "files in a winmail.dat": lambda n: headed(
        TNEF, WINMAIL[:6] + fill_bytes(b"\x02\x02\x90\x06\x00" + bytes(6) + b"\x02\x0f\x80\x06\x00" + bytes(6), n)
    ),
    "values in a winmail.dat": lambda n: headed(
        TNEF, WINMAIL[:11] + struct.pack("<IIHHI", n, n, 0x1003, 0x1234, n) + bytes(n)
    ),
}
TIMED: dict[str, Callable[[int], bytes]] = {
    "Punycode": lambda n: headed(PLAIN + b"; charset=punycode", b"\xe4-" + fill_bytes(b"99a", n)),
    "spaces in quoted-printable": lambda n: headed(CODED + b"quoted-printable", fill_bytes(b" " * 500 + b"x\n", n)),
    "an open bracket": lambda n: headed(PLAIN + b"; charset=iso-8859-1", fill_bytes(b"<\xe4<a", n)),
    "an open command": lambda n: headed(b"Content-Type: text/enriched", fill_bytes(b"<" + b"a" * 59, n)),
    "spaces before HTML": lambda n: headed(PLAIN, b"\n" * n + b"<html"),
}


def calls(work: Callable[[], object]) -> int:
    """How many functions are called during some work, those of C among them."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    work()  # so that what is made once is made
    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def assert_linear(work: Callable[[int], object]) -> None:
    once, thrice = calls(partial(work, SIZE)), calls(partial(work, 3 * SIZE))
    assert thrice < 4 * once + 1_000


@pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS)
def test_reading_a_text_takes_work_in_proportion_to_its_size(make: Callable[[int], str]) -> None:
    assert_linear(lambda size: read(make(size), None, NAMED))


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_reading_100_kb_takes_no_more_work_than_a_tenth_of_a_second_allows(text: str) -> None:
    assert calls(lambda: read(text, None, NAMED)) < MOST_CALLS


@pytest.mark.parametrize("page", COSTLY_PAGES.values(), ids=COSTLY_PAGES)
def test_reading_100_kb_of_html_takes_no_more_work_than_that(page: str) -> None:
    assert calls(lambda: read(None, page, SENT)) < MOST_CALLS


def test_a_link_is_not_written_again_on_each_of_many_lines() -> None:
    page = f"<a href='https://steps.example/{'a' * 50_000}'>" + "words<br>" * 1_900
    found = read(None, page)
    assert found.text.count("words") == 1_900
    assert len(found.text) < 300_000


def test_a_charset_of_any_length_is_read_over() -> None:
    for name in (b"x-" * 40_000, b"a" * 90_000):
        assert decode_bodies(headed(PLAIN + b"; charset=" + name, b"words \xe4")).plain


@pytest.mark.parametrize("make", PAGES.values(), ids=PAGES)
def test_reading_a_page_takes_work_in_proportion_to_its_size(make: Callable[[int], str]) -> None:
    assert_linear(lambda size: read(None, make(size), SENT))


@pytest.mark.parametrize("make", MAILS.values(), ids=MAILS)
def test_taking_a_mail_apart_takes_work_in_proportion_to_its_size(make: Callable[[int], bytes]) -> None:
    assert_linear(lambda size: decode_bodies(make(size)))


@pytest.mark.parametrize("make", TIMED.values(), ids=TIMED)
def test_no_codec_or_expression_takes_time_in_proportion_to_the_square(make: Callable[[int], bytes]) -> None:
    small, large = make(SIZE), make(50 * SIZE)
    assert seconds(large) < 250 * max(seconds(small), 0.000_5)


def test_guesses_are_few_however_many_pieces_need_one() -> None:
    part = headed(PLAIN, "Вчера я долго гулял. ".encode("cp1251") * 20)
    few, many = (calls(partial(decode_bodies, multipart(*[part] * parts))) for parts in (10, 90))
    assert many < 5 * few


def test_compressed_zeros_do_not_fill_the_memory_and_what_is_cut_is_said() -> None:
    content = zlib.compress(b"Content-Type: text/plain\n\n" + b"a " * 10_000_000, 9)
    length = struct.pack(">I", len(content))
    mail = headed(PKCS7, b"0\x80" + COMPRESSED + SIGNED[2:13] + b"\xa0\x80\x04\x84" + length + content)
    found = decode_bodies(mail)
    assert found.bounded
    assert 90_000 < len(found.plain or "") < 300_000


def seconds(mail: bytes) -> float:
    """The shortest of three times of taking a mail apart."""
    times: list[float] = []
    for _ in range(3):
        before = process_time()
        decode_bodies(mail)
        times.append(process_time() - before)
    return min(times)
