"""What a picture is, and whether a person meant it."""

from __future__ import annotations

import pytest

from service.core.journal.photos import Picture, is_bare_jpeg, is_decoration, named, sniff
from tests.harness.mail.pictures import encoded, exif, picture


def _picture(width: int, height: int) -> Picture:
    return Picture("image/png", width, height, b"")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        pytest.param(b"\xff\xd8\xff\xe1", "image/jpeg", id="JPEG"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "image/png", id="PNG"),
        pytest.param(b"GIF89a", "image/gif", id="GIF"),
        pytest.param(b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", id="WebP"),
        pytest.param(b"\0\0\0\x18ftypheic", "image/heic", id="HEIC"),
        pytest.param(b"\0\0\0\x18ftypmif1", "image/heic", id="HEIF"),
        pytest.param(b"\0\0\0\x18ftypmp42", None, id="a film"),
        pytest.param(b"RIFF\0\0\0\0WAVEfmt ", None, id="a sound"),
        pytest.param(b"<svg xmlns=", None, id="SVG"),
        pytest.param(b"%PDF-1.7", None, id="PDF"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_a_picture_is_what_its_bytes_say(start: bytes, kind: str | None) -> None:
    assert sniff(start) == kind


@pytest.mark.parametrize(
    ("size", "sent_bytes", "is_inside", "is_left_out"),
    [
        pytest.param((1, 1), 43, False, True, id="a tracking dot, wherever it is"),
        pytest.param((300, 80), 9_000, True, True, id="a logo inside"),
        pytest.param((400, 400), 3_000, True, True, id="few bytes inside"),
        pytest.param((300, 80), 9_000, False, False, id="a narrow picture that was attached"),
        pytest.param((640, 480), 60_000, True, False, id="a photo inside"),
    ],
)
def test_what_programs_add_is_told_by_its_size_and_place(
    size: tuple[int, int], sent_bytes: int, is_inside: bool, is_left_out: bool
) -> None:
    assert is_decoration(_picture(*size), sent_bytes, is_inside=is_inside) is is_left_out


def test_names_stand_in_a_sentence_and_hold_no_link() -> None:
    assert named(["a.pdf"]) == "a.pdf"
    assert named(["a.pdf", "b.mov", "c.zip"]) == "a.pdf, b.mov and c.zip"
    assert named([f"{n}" for n in range(12)]).endswith("8, 9 and 2 more")
    assert named(["https://evil.example/%recipient.x%\r\nBcc: x"]) == "https:evil.example/recipient.x Bcc: x"
    assert len(named(["x" * 500])) == 60
    assert named([]) == ""


JPEG = encoded(picture((64, 48)), quality=85)


def test_a_jpeg_is_bare_only_with_nothing_in_it_but_the_picture() -> None:
    assert is_bare_jpeg(JPEG)
    for more in (
        JPEG + b"hidden",
        JPEG[:-2],
        encoded(picture((64, 48)), exif=exif()),
        encoded(picture((64, 48)), comment=b"Ana"),
        encoded(picture((64, 48)), progressive=True),
        b"\xff\xd8\xff\xe0\x00\x00",
        JPEG[:2] + b"\xff\xdb\x00\x00" + JPEG[2:],
    ):
        assert not is_bare_jpeg(more)
