"""Every body is read that can be, wherever a program puts it and whatever it calls it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.replies import decode_bodies
from tests.harness.mail import raw_mime as mime
from tests.harness.mail.raw_mime import HEADERS, PICTURE_DATA, alternative, container, part, picture, text
from tests.harness.mail.reply_examples import words_in

ONE, TWO = "Above the picture.", "Below it, more."
LONE_MAIL = HEADERS + text(ONE)
ELSEWHERE = {
    "inline with a file name": part("text/plain", ONE.encode(), "Content-Disposition: inline; filename=message.txt"),
    "with a name": part("text/plain; name=message.txt", ONE.encode()),
    "HTML with a file name": part("text/html; name=m.html", ONE.encode(), "Content-Disposition: inline"),
    "the only part, called an attachment": part("text/plain", ONE.encode(), "Content-Disposition: attachment"),
    "a file of text beside an empty body": container(
        "mixed", text(" "), part("text/plain", ONE.encode(), "Content-Disposition: attachment; filename=a.txt")
    ),
    "Markdown": part("text/markdown; charset=utf-8", ONE.encode()),
    "Markdown, the old name": part("text/x-markdown", ONE.encode()),
    "a type of text nobody knows": part("text/x-of-ours", ONE.encode()),
    "enriched text": part("text/enriched", f"<param>red</param>{ONE}".encode()),
    "text without a type": part("application/octet-stream", ONE.encode()),
    "a mail in the mail": container("mixed", part("message/rfc822", LONE_MAIL)),
    "a mail as the mail": part("message/rfc822", LONE_MAIL),
    "a mail in a mail in the mail": part("message/rfc822", HEADERS + part("message/rfc822", LONE_MAIL)),
    "a mail in base64": part("message/rfc822", base64.encodebytes(LONE_MAIL), "Content-Transfer-Encoding: base64"),
    "a mail beside an empty body": container("mixed", text("\r\n"), part("message/rfc822", LONE_MAIL)),
    "what stands behind the parts": container("mixed", picture()) + ONE.encode(),
    "what stands before the parts": part(
        "multipart/mixed; boundary=x",
        b"This is a multi-part message in MIME format.\r\n"
        + ONE.encode()
        + b"\r\n"
        + mime.delimited(picture(), boundary="x"),
    ),
}


@pytest.mark.parametrize("mail", ELSEWHERE.values(), ids=ELSEWHERE)
def test_words_that_are_not_where_they_should_be_are_read(mail: bytes) -> None:
    assert words_in(mail) == ONE


@pytest.mark.parametrize(
    "file",
    [
        part("message/rfc822", HEADERS + text(TWO), "Content-Disposition: attachment; filename=a.eml"),
        part("text/plain", TWO.encode(), "Content-Disposition: attachment; filename=a.txt"),
        part("text/calendar", b"BEGIN:VCALENDAR"),
        part("application/octet-stream", TWO.encode()),
    ],
    ids=["mail", "text", "calendar", "no type"],
)
def test_a_file_beside_words_stays_a_file(file: bytes) -> None:
    found = decode_bodies(HEADERS + container("mixed", text(ONE), file))
    assert (found.plain, found.html, len(found.attachments)) == (ONE, None, 1)


def test_a_picture_in_a_mail_in_the_mail_is_a_file_of_it() -> None:
    inner = HEADERS + container("mixed", text(ONE), picture(), boundary="inner")
    found = decode_bodies(HEADERS + container("mixed", part("message/rfc822", inner)))
    assert found.plain == ONE
    assert [file.data for file in found.attachments] == [PICTURE_DATA]


def sealed(content: bytes, content_type: str = "application/pkcs7-mime; smime-type=signed-data") -> bytes:
    encoding = "Content-Transfer-Encoding: base64"
    return part(
        content_type, base64.encodebytes(content), encoding, "Content-Disposition: attachment; filename=smime.p7m"
    )


SIGNED = {
    "in DER": sealed(mime.signed(text(ONE))),
    "in chunks": sealed(mime.signed_in_chunks(text(ONE))),
    "by its old type": sealed(mime.signed(text(ONE)), "application/x-pkcs7-mime"),
    "by its file name": sealed(mime.signed(text(ONE)), "application/octet-stream"),
    "with alternatives": sealed(mime.signed(alternative(ONE))),
    "without a type": sealed(mime.signed(b"\r\n" + ONE.encode())),
    "twice": sealed(mime.signed(sealed(mime.signed(text(ONE))))),
    "with armour": part(
        "application/pkcs7-mime",
        b"-----BEGIN PKCS7-----\r\n" + base64.encodebytes(mime.signed(text(ONE))) + b"-----END PKCS7-----",
    ),
    "in a container": container("mixed", sealed(mime.signed(text(ONE)))),
}


@pytest.mark.parametrize("mail", SIGNED.values(), ids=SIGNED)
def test_the_mail_inside_a_signature_is_read(mail: bytes) -> None:
    assert words_in(mail) == ONE
    assert decode_bodies(HEADERS + mail).attachments == ()


@pytest.mark.parametrize("cut", [0, 1, 20, 25, 30, 35])
def test_a_signature_that_is_cut_or_empty_stays_a_file(cut: int) -> None:
    found = decode_bodies(HEADERS + sealed(mime.signed(text(ONE))[:cut]))
    assert len(found.attachments) == 1


def packed(*attributes: bytes) -> bytes:
    encoded = base64.encodebytes(mime.winmail(*attributes))
    return part("application/ms-tnef; name=winmail.dat", encoded, "Content-Transfer-Encoding: base64")


CODEPAGE = mime.winmail_attribute(0x00069007, (1252).to_bytes(4, "little") + bytes(4))
UNICODE, BINARY = 0x001F, 0x0102
NUMBER = b"\x03\x00\xfd\x3f\xe4\x04\x00\x00"  # a property of another kind, before the one that is wanted


def properties(*values: bytes) -> bytes:
    return mime.winmail_attribute(0x00069003, len(values).to_bytes(4, "little") + b"".join(values))


PACKED = {
    "as text": (CODEPAGE, mime.winmail_attribute(0x0002800C, "Früh – am Tag.".encode("cp1252") + b"\0")),
    "as a property": (
        properties(NUMBER, mime.winmail_property(UNICODE, 0x1000, "Früh – am Tag.\0".encode("utf-16-le"))),
    ),
    "as HTML": (CODEPAGE, properties(mime.winmail_property(BINARY, 0x1013, "<p>Früh – am Tag.</p>".encode("cp1252")))),
}


@pytest.mark.parametrize("attributes", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("around", ["nothing", "an empty body"])
def test_a_body_that_outlook_packed_is_read(attributes: tuple[bytes, ...], around: str) -> None:
    mail = packed(*attributes) if around == "nothing" else container("mixed", text(" "), packed(*attributes))
    assert words_in(mail) == "Früh – am Tag."


def test_files_that_outlook_packed_are_files_and_its_text_is_not_read_twice() -> None:
    file = (
        mime.winmail_attribute(0x00069002, bytes(14), level=2),
        mime.winmail_attribute(0x00018010, b"a.png\0", level=2),
        mime.winmail_attribute(0x0006800F, PICTURE_DATA, level=2),
    )
    found = decode_bodies(HEADERS + container("mixed", text(ONE), packed(*PACKED["as text"], *file)))
    assert found.plain == ONE
    assert [(each.filename, each.data) for each in found.attachments] == [("a.png", PICTURE_DATA)]


@given(st.integers(min_value=0, max_value=200), st.binary(max_size=12))
def test_a_damaged_winmail_or_signature_never_makes_it_raise(at: int, noise: bytes) -> None:
    for whole in (mime.winmail(*PACKED["as text"], *PACKED["as a property"]), mime.signed_in_chunks(text(ONE))):
        damaged = whole[:at] + noise + whole[at + len(noise) :]
        decode_bodies(HEADERS + part("application/ms-tnef", damaged))
        decode_bodies(HEADERS + part("application/pkcs7-mime", damaged))
