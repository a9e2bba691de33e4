"""Pictures drawn anew in a process of their own."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from service.core.journal.photos import Picture
from service.mail.sandbox.pictures import PictureRedrawer
from tests.harness.mail.pictures import encoded, exif, picture


@pytest.fixture(scope="module")
def redrawer() -> Iterator[PictureRedrawer]:
    made = PictureRedrawer(wall_seconds=30.0)
    yield made
    made.close()


def _drawn(redrawer: PictureRedrawer, data: bytes) -> Picture:
    [drawn] = redrawer.redraw([data])
    assert drawn is not None
    return drawn


def _colour(image: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    colour = image.convert("RGB").getpixel(place)
    assert isinstance(colour, tuple)
    return colour


def _pixels(drawn: Picture) -> Image.Image:
    image = Image.open(BytesIO(drawn.data))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "HEIF"])
def test_every_kind_comes_out_as_a_jpeg(redrawer: PictureRedrawer, kind: str) -> None:
    drawn = _drawn(redrawer, encoded(picture(), kind))
    assert (drawn.content_type, drawn.width, drawn.height) == ("image/jpeg", 640, 480)
    assert _pixels(drawn).format == "JPEG"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_neither_place_nor_camera_nor_comment_is_left(redrawer: PictureRedrawer, kind: str) -> None:
    options = {"comment": b"Camera of Ana"} if kind == "JPEG" else {}
    data = encoded(picture(), kind, exif=exif(), icc_profile=None, **options)
    assert b"Camera of Ana" in data
    drawn = _drawn(redrawer, data)
    assert b"Exif" not in drawn.data
    assert b"Camera of Ana" not in drawn.data
    assert not _pixels(drawn).getexif()
    assert "comment" not in _pixels(drawn).info


@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_a_picture_taken_sideways_stands_upright(redrawer: PictureRedrawer, kind: str) -> None:
    upright = picture((480, 640))
    sideways = upright.transpose(Image.Transpose.ROTATE_90)
    drawn = _drawn(redrawer, encoded(sideways, kind, exif=exif(orientation=6), quality=95))
    assert (drawn.width, drawn.height) == (480, 640)
    red, green, _ = _colour(_pixels(drawn), (20, 20))
    assert red > 200
    assert green < 60


def test_a_large_one_is_made_smaller_and_a_small_one_is_left(redrawer: PictureRedrawer) -> None:
    large = _drawn(redrawer, encoded(picture((3000, 750))))
    assert (large.width, large.height) == (2048, 512)


@pytest.mark.parametrize(("long", "kept"), [(4032, 2016), (3998, 2048), (8064, 2016)])
def test_a_telephone_s_jpeg_is_decoded_at_a_half_or_less_and_is_whole(
    redrawer: PictureRedrawer, long: int, kept: int
) -> None:
    whole = Image.new("RGB", (long, long // 4), "red")
    whole.paste("blue", (long // 2, 0, long, long // 4))
    drawn = _drawn(redrawer, encoded(whole))
    assert (drawn.width, drawn.height) == (kept, kept // 4)
    right = _colour(_pixels(drawn), (kept - 20, kept // 8))
    assert (right[0] < 20, right[2] > 230) == (True, True)


def test_a_jpeg_that_was_drawn_here_keeps_its_bytes_and_any_other_does_not(redrawer: PictureRedrawer) -> None:
    once = _drawn(redrawer, encoded(picture()))
    assert _drawn(redrawer, once.data) == once
    assert _drawn(redrawer, once.data + b"hidden").data[-2:] == b"\xff\xd9"
    finer = encoded(picture(), quality=95)
    assert _drawn(redrawer, finer).data != finer


def test_transparency_stays(redrawer: PictureRedrawer) -> None:
    image = picture(mode="RGBA")
    image.putalpha(100)
    drawn = _drawn(redrawer, encoded(image, "PNG"))
    assert drawn.content_type == "image/png"
    assert _pixels(drawn).getchannel("A").getextrema() == (100, 100)


def test_of_a_moving_picture_the_first_frame_is_kept(redrawer: PictureRedrawer) -> None:
    frames = [Image.new("RGB", (200, 200), colour) for colour in ("red", "blue", "green")]
    drawn = _drawn(redrawer, encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50))
    still = _pixels(drawn)
    assert getattr(still, "n_frames", 1) == 1
    assert _colour(still, (100, 100))[0] > 240


def test_a_bomb_is_refused_and_the_next_one_drawn(redrawer: PictureRedrawer) -> None:
    bomb, drawn = redrawer.redraw([_png_bomb(60_000, 60_000), encoded(picture())])
    assert bomb is None
    assert drawn is not None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xd8\xff" + b"\0" * 500, id="nothing behind the start"),
        pytest.param(encoded(picture())[:5000], id="half a file"),
        pytest.param(b"GIF89a", id="six bytes"),
        pytest.param(b"\0\0\0\x18ftypheic" + b"\xff" * 400, id="a broken HEIC"),
        pytest.param(b"%PDF-1.7", id="no picture"),
    ],
)
def test_a_damaged_one_is_refused(redrawer: PictureRedrawer, data: bytes) -> None:
    assert list(redrawer.redraw([data])) == [None]


def test_a_picture_with_unreadable_exif_is_kept(redrawer: PictureRedrawer) -> None:
    assert _drawn(redrawer, encoded(picture(), exif=b"Exif\0\0II*\0\xff\xff\xff\xff")).width == 640


def test_when_the_time_of_all_is_over_the_rest_is_refused() -> None:
    redrawer = PictureRedrawer(all_seconds=0.0)
    assert list(redrawer.redraw([encoded(picture())])) == [None]
    redrawer.close()


def _png_bomb(width: int, height: int) -> bytes:
    """Return a few bytes that say they are that many pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")
