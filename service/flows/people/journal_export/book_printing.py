"""The process that sets a book as PDF, with typst; `BookPrinter` runs it as a module.

What it is told stays in its memory: the words in a string, the photos in files of the kernel that have no name on any
disk and end with the process (memfd_create). Its questions are photos, entries, the order to set the book, and which
part of the PDF to return.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from service.mail.sandbox.child_server import serve

if TYPE_CHECKING:
    import typst

CPU_SECONDS: Final = 60
MEMORY_BYTES: Final = 2 * 1024**3  # of addresses
PHOTO, ENTRIES, SET, PART = b"p", b"e", b"s", b"r"
DONE, REFUSED = b"\x01", b"\x00"
SIDE_BYTES, OFFSET_BYTES = 2, 8
FONT_PACKAGES: Final = ("fontpkg_noto_serif", "manimgx_fonts", "manimgx_fonts_cjk")

_FILES: Final = "/proc/self/fd"  # where typst finds files that have no other name
_JPEG_QUALITY: Final = 85
_MOST_PIXELS: Final = 50_000_000
_MOST_NAMED: Final = 40
# Control, format and space characters need no glyph, nor do variation selectors.
_WITHOUT_GLYPH: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_SELECTORS: Final = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


@dataclass(slots=True)
class BookSetting:
    """One book: what was said of it so far, and the PDF once it is set. `glyphs` are the code points of the fonts."""

    fonts: typst.Fonts = field(repr=False)
    glyphs: frozenset[int] = field(repr=False)
    entries: list[dict[str, Any]] = field(default_factory=list, repr=False)
    characters: set[str] = field(default_factory=set, repr=False)
    pdf: bytes = field(default=b"", repr=False)

    def answer_to(self, question: bytes) -> bytes:
        """Return the answer to a question: its kind in one byte, and what belongs to it."""
        kind, content = question[:1], question[1:]
        if kind == PHOTO:
            return self._take_photo(content)
        if kind == ENTRIES:
            return self._take_entries(json.loads(content))
        if kind == SET:
            return self._set(json.loads(content))
        start, length = int.from_bytes(content[:OFFSET_BYTES], "big"), int.from_bytes(content[OFFSET_BYTES:], "big")
        return self.pdf[start : start + length]

    def _take_photo(self, content: bytes) -> bytes:
        """Keep a photo whose long side has at most so many pixels (the first bytes); return its name and size."""
        try:
            data, width, height = _shrunk(content[SIDE_BYTES:], int.from_bytes(content[:SIDE_BYTES], "big"))
        except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
            return REFUSED
        file = os.memfd_create("photo")
        with open(file, "wb", closefd=False) as out:
            out.write(data)
        return DONE + json.dumps([f"/{file}", width, height]).encode()

    def _take_entries(self, entries: list[dict[str, Any]]) -> bytes:
        self.entries += entries
        for entry in entries:
            self.characters.update(*_printed(entry))
        return DONE

    def _set(self, order: Mapping[str, str]) -> bytes:
        """Set the book; return its size in bytes. The order has the template, and what else it reads."""
        book = {**order, "entries": self.entries, "unprintable": self._unprintable()}
        self.entries = []
        compiler = typst.Compiler(order["template"].encode(), root=_FILES, font_paths=self.fonts)
        content = {"book": json.dumps(book, ensure_ascii=False)}
        # Tagged, but not "ua-1": by that standard a character without a glyph would end the whole book.
        pdf = compiler.compile(format="pdf", sys_inputs=content, timestamp=0)
        assert isinstance(pdf, bytes)
        self.pdf = pdf
        return DONE + len(pdf).to_bytes(OFFSET_BYTES, "big")

    def _unprintable(self) -> list[str]:
        """Return the names of characters that no font has, for the book's last page."""
        missing = sorted(character for character in self.characters if self._has_no_glyph(character))
        return [unicodedata.name(each, f"U+{ord(each):04X}") for each in missing[:_MOST_NAMED]]

    def _has_no_glyph(self, character: str) -> bool:
        point = ord(character)
        return (
            point not in self.glyphs
            and unicodedata.category(character) not in _WITHOUT_GLYPH
            and not any(point in selectors for selectors in _SELECTORS)
        )


def font_folders() -> list[Path]:
    """Return the folders of the font packages; one that is not installed is left out."""
    folders = []
    for name in FONT_PACKAGES:
        found = find_spec(name)
        folders += [Path(each) for each in (found.submodule_search_locations or ())] if found else []
    return folders


def _printed(entry: Mapping[str, Any]) -> Iterator[str]:
    yield entry["question"]
    for paragraph in entry["paragraphs"]:
        yield from paragraph["lines"]


def _shrunk(data: bytes, side: int) -> tuple[bytes, int, int]:
    """Return a photo as a JPEG whose sides have at most that many pixels, on white, and its size."""
    with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as image:
        if image.width * image.height > _MOST_PIXELS:
            raise ValueError
        image.draft("RGB", (side, side))
        image.thumbnail((side, side), reducing_gap=2.0)
        with_alpha = image.convert("RGBA")
    page = Image.new("RGB", with_alpha.size, "white")
    page.paste(with_alpha, mask=with_alpha)
    out = BytesIO()
    page.save(out, "JPEG", quality=_JPEG_QUALITY)
    return out.getvalue(), page.width, page.height


def _glyphs(folders: list[Path]) -> frozenset[int]:
    """Return the code points that the fonts have a glyph for."""
    points: set[int] = set()
    for path in sorted(path for folder in folders for path in folder.rglob("*.[ot]t[fc]")):
        is_collection = path.suffix == ".ttc"  # whose fonts share their glyphs
        with TTFont(path, fontNumber=0 if is_collection else -1, lazy=True) as font:
            points.update(font.getBestCmap())
    return frozenset(points)


if __name__ == "__main__":
    os.environ["RAYON_NUM_THREADS"] = "1"  # typst's threads would each reserve memory
    import typst
    from fontTools.ttLib import TTFont
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    Image.preinit()
    found_folders = font_folders()
    setting = BookSetting(
        typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(map(str, found_folders))),
        _glyphs(found_folders),
    )
    serve(sys.stdin.buffer, sys.stdout.buffer, setting.answer_to, cpu_seconds=CPU_SECONDS, memory_bytes=MEMORY_BYTES)
