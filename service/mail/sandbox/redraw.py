"""Redrawing a picture from its pixels only; only the child process imports this module."""

from __future__ import annotations

import contextlib
import struct
import warnings
from io import BytesIO

import pillow_heif
from PIL import Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile

from service.core.journal.photos import LONGEST_SIDE, Picture, UnreadablePictureError, is_bare_jpeg, sniff

MOST_PIXELS = 50_000_000  # the largest photo of a telephone has 8,064 by 6,048
ENOUGH_PIXELS = 2_000  # of the long side: half of the 4,000 or 4,032 that most telephones' photos have
JPEG_QUALITY = 85
_FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/heic": "HEIF",
}
_OPAQUE = 255
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# By how many quarters of a turn to the right.
_QUARTERS = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# The errors that Pillow's decoders were seen to raise for damaged or forged files, and beyond their limits.
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    SyntaxError,
    RuntimeError,
    AttributeError,
    OverflowError,
    struct.error,
    MemoryError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)

# Threads would each reserve memory that the process may not have.
pillow_heif.options.DECODE_THREADS = 1
pillow_heif.register_heif_opener(thumbnails=False)
Image.preinit()
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


def redraw(data: bytes, quarter_turns: int = 0) -> Picture:
    """Return a picture upright, at most 2,048 pixels on its long side, in sRGB, as JPEG, or PNG if it is transparent.

    It is turned to the right by `quarter_turns` (0 to 3). Only the first frame of an animation is kept, and no
    metadata: no location, no camera, no thumbnail. A JPEG as this function writes it keeps its bytes unless it is
    turned, since each drawing loses a little: an exported photo comes back as it was.

    Raises:
        UnreadablePictureError: its type is not supported, it is damaged, or it has more than 50 million pixels.
    """
    kind = sniff(data)
    if kind is None:
        raise UnreadablePictureError
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=(_FORMATS[kind],)) as image:
                if not quarter_turns and _is_drawn_by_us(image, data):
                    return Picture(kind, *image.size, data)
                small = _small(image)
                return _encoded(small.transpose(_QUARTERS[quarter_turns]) if quarter_turns else small)
    except _DAMAGE:
        raise UnreadablePictureError from None


def _is_drawn_by_us(image: Image.Image, data: bytes) -> bool:
    """Return whether a picture is a JPEG of our own size and quality, with nothing in it but the picture.

    Raises:
        one of `_DAMAGE`: it cannot be decoded.
    """
    if not isinstance(image, JpegImageFile) or image.mode != "RGB" or max(image.size) > LONGEST_SIDE:
        return False
    if image.quantization != _OUR_TABLES or not is_bare_jpeg(data):
        return False
    image.load()
    return True


def _our_tables() -> dict[int, list[int]]:
    """Return the quantisation tables of the JPEGs that this module writes."""
    out = BytesIO()
    Image.new("RGB", (1, 1)).save(out, "JPEG", quality=JPEG_QUALITY)
    with Image.open(out) as image:
        assert isinstance(image, JpegImageFile)
        return image.quantization


def _small(image: Image.Image) -> Image.Image:
    """Return the first frame, upright, scaled down and in sRGB."""
    if image.width * image.height > MOST_PIXELS:
        raise UnreadablePictureError
    _decode_smaller(image)
    profile, turn = image.info.get("icc_profile"), _TURNS.get(_orientation(image))
    mode = _mode(image)
    small = image if image.mode == mode else image.convert(mode)  # no copy: memory has no room for two large pictures
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
    return _in_srgb(small.transpose(turn) if turn is not None else small, profile)


def _decode_smaller(image: Image.Image) -> None:
    """Have a JPEG decoded at an eighth, a quarter or a half of its size, if it is large enough; no other kind can.

    This takes a fifth of the time of decoding the whole and scaling it down.
    """
    parts = next((parts for parts in (8, 4, 2) if max(image.size) // parts >= ENOUGH_PIXELS), 1)
    image.draft("RGB", (max(1, image.width // parts), max(1, image.height // parts)))


def _orientation(image: Image.Image) -> int:
    """Return the orientation (Exif 3.0, tag 0x0112), or 1 if it cannot be read."""
    with contextlib.suppress(*_DAMAGE):
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def _mode(image: Image.Image) -> str:
    return "RGBA" if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info else "RGB"


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture with its colours converted to sRGB, since its own profile is removed."""
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            return ImageCms.profileToProfile(image, source, _SRGB) or image
    return image


def _encoded(image: Image.Image) -> Picture:
    if image.mode == "RGBA" and image.getchannel("A").histogram()[_OPAQUE] == image.width * image.height:
        image = image.convert("RGB")
    # Copy to a new picture: encoders also write metadata that is attached to the old one, such as a comment.
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    out = BytesIO()
    if bare.mode == "RGBA":
        bare.save(out, "PNG")
        return Picture("image/png", *bare.size, out.getvalue())
    bare.save(out, "JPEG", quality=JPEG_QUALITY)
    return Picture("image/jpeg", *bare.size, out.getvalue())


_OUR_TABLES = _our_tables()
