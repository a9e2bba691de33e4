"""The entries of a book, cut into paragraphs whose direction and language a typesetter and an e-reader can use."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from service.core.dates import month_name, weekday_and_date
from service.core.journal.entry_text import for_showing
from service.core.text.direction import runs_right_to_left

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

TITLE: Final = "Journal"
PHOTO: Final = "A photo"  # what is said of a photo without a description

_NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"
_TAB: Final = _NO_BREAK_SPACE * 4
# At the start of a line or before another one, a typesetter drops a space.
_DROPPED_SPACE: Final = re.compile(r"^ | (?= )")
# XML 1.0 (section 2.2) has no place for these, and none has a glyph.
_NOT_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
# Scripts whose shared characters are drawn in one way in each language; the first that fits counts.
_LANGUAGES: Final = (
    ("ja", re.compile("[\u3041-\u30ff\uff66-\uff9d]")),
    ("ko", re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")),
    ("zh", re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")),
)


@dataclass(frozen=True, slots=True)
class BookParagraph:
    """Lines of one direction, without a blank line between them."""

    lines: tuple[str, ...] = field(repr=False)
    is_right_to_left: bool

    @property
    def direction(self) -> str:
        """Return "rtl" or "ltr", as HTML says it."""
        return "rtl" if self.is_right_to_left else "ltr"


@dataclass(frozen=True, slots=True)
class BookPhoto:
    """A photo of a book: its name in the file, what is on it, and its size in pixels."""

    name: str
    description: str = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class BookEntry:
    """An entry of a book. `language` is "ja", "ko", "zh", or "" where the script does not tell."""

    on: date
    question: str
    paragraphs: tuple[BookParagraph, ...]
    language: str
    photos: tuple[BookPhoto, ...]

    def values(self) -> dict[str, Any]:
        """Return what the typesetter's template reads."""
        return {
            "year": str(self.on.year),
            "month": f"{month_name(self.on)} {self.on.year}",
            "day": weekday_and_date(self.on),
            "question": self.question,
            "paragraphs": [{"lines": each.lines, "rtl": each.is_right_to_left} for each in self.paragraphs],
            "language": self.language,
            "photos": [
                {"name": each.name, "alt": each.description, "width": each.width, "height": each.height}
                for each in self.photos
            ],
        }


def book_entry(on: date, question: str, words: str, photos: Sequence[BookPhoto]) -> BookEntry:
    """Return an entry of a book, made of the words as they were written."""
    return BookEntry(on, one_line(question), paragraphs(words), language_of(words), tuple(photos))


def paragraphs(text: str) -> tuple[BookParagraph, ...]:
    """Return the paragraphs of a text, which blank lines part; where the direction changes, another one begins.

    Spaces at the start of a line and runs of them become no-break spaces, so that they are kept.
    """
    found: list[BookParagraph] = []
    for is_text, lines in itertools.groupby(map(one_line, text.splitlines()), key=bool):
        if is_text:
            found += _by_direction(lines, is_right_to_left=bool(found) and found[-1].is_right_to_left)
    return tuple(found)


def one_line(text: str) -> str:
    """Return a line as a book has it: valid Unicode without control characters, its spaces kept."""
    line = _NOT_TEXT.sub("", " ".join(for_showing(text).splitlines()).replace("\t", _TAB)).rstrip()
    return _DROPPED_SPACE.sub(_NO_BREAK_SPACE, line)


def language_of(text: str) -> str:
    """Return "ja", "ko" or "zh" for a text with their characters, and "" for any other."""
    return next((language for language, characters in _LANGUAGES if characters.search(text)), "")


def _by_direction(lines: Iterable[str], *, is_right_to_left: bool) -> list[BookParagraph]:
    """Return lines as paragraphs; a line without letters goes the way of the one before."""
    with_direction = []
    for line in lines:
        is_right_to_left = runs_right_to_left(line, otherwise=is_right_to_left)
        with_direction.append((is_right_to_left, line))
    return [
        BookParagraph(tuple(line for _, line in group), way)
        for way, group in itertools.groupby(with_direction, key=lambda pair: pair[0])
    ]
