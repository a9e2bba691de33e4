"""Bodies in Rich Text Format are read: as text, as the HTML packed into them, and as Outlook compresses them."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.replies import decode_bodies
from service.core.replies.mime.compressed_rtf import expand_rtf
from service.core.replies.mime.rtf import read_rtf
from tests.harness.mail.raw_mime import HEADERS, container, part, text, winmail, winmail_attribute, winmail_property
from tests.harness.mail.reply_examples import words_in

# The examples of MS-OXRTFCP, section 3: copies from the words every window begins with, and one that repeats itself.
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
REPEATED = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
FONTS = r"{\fonttbl{\f0\fswiss Arial;}{\f1\fnil\fcharset204 Arial Cyr;}}"
TEXTS = {
    "paragraphs": (r"{\rtf1\ansi One.\par Two.\line Three.}", "One.\nTwo.\nThree."),
    "a font table and colours": (rf"{{\rtf1\ansi{FONTS}{{\colortbl;\red1;}}\pard One.}}", "One."),
    "bytes of a code page": (r"{\rtf1\ansi\ansicpg1252 caf\'e9 \'96 \'80}", "café – €"),
    "bytes of a font": (rf"{{\rtf1\ansi{FONTS}{{\f1 \'cf\'f0\'e8\'e2\'e5\'f2}} \'e9}}", "Привет é"),
    "Unicode with a stand-in": (r"{\rtf1\ansi\uc1 It\u8217?s \u-10179?\u-8704? here}", "It’s 😀 here"),
    "Unicode without one": (r"{\rtf1\ansi\uc0 It\u8217 s}", "It’s"),
    "signs": (r"{\rtf1 \ldblquote a\~b\rdblquote\emdash c\tab\{d\}\\}", "“a\N{NO-BREAK SPACE}b”—c\t{d}\\"),
    "what nobody reads": (r"{\rtf1{\info{\author Mia}}{\*\generator Riched20;}{\header top}One.}", "One."),
    "a picture": (r"{\rtf1 One.{\pict\bin4 }}\\} Two.}", "One. Two."),
    "an open group": (r"{\rtf1 One.{\b Two.", "One.Two."),
    "what follows the end": (r"{\rtf1 One.}Two.", "One."),
    "a link": (r'{\rtf1 See {\field{\*\fldinst HYPERLINK "a"}{\fldrslt this}}.}', "See this."),
}
PACKED_HTML = (
    r"{\rtf1\ansi\fromhtml1 {\*\htmltag19 <html>}{\*\htmltag64 <p>}\htmlrtf {\f0 \htmlrtf0 Tea & cake"
    r"{\*\htmltag84 &nbsp;}\htmlrtf\par}\htmlrtf0 {\*\htmltag72 </p>}{\*\htmltag27 </html>}}"
)


@pytest.mark.parametrize(("rtf", "words"), TEXTS.values(), ids=TEXTS)
def test_the_text_of_rtf_is_read(rtf: str, words: str) -> None:
    assert read_rtf(rtf.encode("ascii")) == (words, None, False)


def test_a_long_text_of_nothing_but_escaped_letters_is_read_to_its_end() -> None:
    letters = {"\\u1103?": "я", "\\u1103 ?": "я", "\\'ff\\'ff ": "ÿÿ "}
    for escaped, letter in letters.items():
        assert read_rtf(b"{\\rtf1 " + escaped.encode() * 30_000 + b"}") == (letter * 30_000, None, False)


def test_html_that_was_packed_into_rtf_comes_out_as_it_was() -> None:
    assert read_rtf(PACKED_HTML.encode()) == (None, "<html><p>Tea &amp; cake&nbsp;</p></html>", False)


def test_compressed_rtf_is_expanded() -> None:
    assert expand_rtf(HELLO, most_bytes=1000) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert expand_rtf(REPEATED, most_bytes=1000) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    assert expand_rtf(struct.pack("<II4sI", 9, 5, b"MELA", 0) + b"words", most_bytes=1000) == b"words"
    assert expand_rtf(HELLO, most_bytes=7) == b"{\\rtf1\\"


def outlook(rtf: bytes) -> bytes:
    properties = winmail_attribute(0x00069003, struct.pack("<I", 1) + winmail_property(0x0102, 0x1009, rtf))
    return part("application/ms-tnef", base64.encodebytes(winmail(properties)), "Content-Transfer-Encoding: base64")


@pytest.mark.parametrize(
    "mail",
    [
        outlook(HELLO),
        container("mixed", text(" "), outlook(HELLO)),
        part("text/rtf", rb"{\rtf1 hello world}"),
        part("application/rtf; name=m.rtf", rb"{\rtf1 hello world}", "Content-Disposition: attachment"),
        part("text/plain", rb"{\rtf1 hello world}"),
    ],
    ids=["in a winmail.dat", "in one beside an empty body", "as RTF", "as a file", "called plain text"],
)
def test_a_mail_whose_only_words_are_rtf_is_read(mail: bytes) -> None:
    assert words_in(mail) == "hello world"


def test_rtf_beside_words_stays_a_file() -> None:
    file = part("application/rtf; name=a.rtf", rb"{\rtf1 Two.}", "Content-Disposition: attachment")
    found = decode_bodies(HEADERS + container("mixed", text("One."), file))
    assert (found.plain, [each.filename for each in found.attachments]) == ("One.", ["a.rtf"])


def test_what_is_cut_from_expanded_rtf_is_said() -> None:
    # Each of the tokens repeats one letter 16 times.
    long = struct.pack("<II4sI", 0, 10**9, b"LZFu", 0) + b"\0{\\rtf1 a" + (b"\xff" + bytes.fromhex("0d6e") * 8) * 3000
    found = decode_bodies(HEADERS + outlook(long))
    assert found.bounded
    assert len(found.plain or "") > 200_000


def test_what_is_cut_from_rtf_with_very_many_marks_is_said() -> None:
    found = decode_bodies(HEADERS + part("text/rtf", b"{\\rtf1 Words. " + b"{}" * 60_000 + b"More.}"))
    assert (found.plain, found.bounded) == ("Words. ", True)


@given(st.binary(max_size=300), st.integers(0, 60))
def test_damaged_rtf_never_makes_it_raise(noise: bytes, at: int) -> None:
    read_rtf(PACKED_HTML.encode()[:at] + noise)
    expand_rtf(HELLO[:at] + noise, most_bytes=1000)
