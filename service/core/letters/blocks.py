"""A letter as a tree of blocks: what its Markdown or HTML becomes, and what every form of it is written from.

All values are immutable and hold the writer's own published words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeAlias
from urllib.parse import urlsplit

LINK_SCHEMES = frozenset({"http", "https", "mailto"})
SMALLEST_HEADING = 3


@dataclass(frozen=True, slots=True)
class Words:
    """Plain text within a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Text of strong importance."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Text with stress."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Struck:
    """Text that no longer holds."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """Code within a line."""

    text: str


@dataclass(frozen=True, slots=True)
class LetterLink:
    """Text that leads to an address, which is kept as it was written."""

    url: str
    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class LineBreak:
    """A line break within a paragraph."""


@dataclass(frozen=True, slots=True)
class NoteMark:
    """The mark of a footnote, by its number, beginning with 1."""

    number: int


Inline: TypeAlias = Words | Strong | Emphasis | Struck | CodeSpan | LetterLink | LineBreak | NoteMark


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, of level 2 or 3: the title of the letter is level 1."""

    level: int
    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list; its items have numbers from `start` on, or bullets if that is None."""

    items: tuple[tuple[Block, ...], ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Quotation:
    """Somebody else's words."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Code, whose lines and spaces stay as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class LetterTable:
    """A table: its head may be empty, and each row has as many cells as the widest."""

    head: tuple[tuple[Inline, ...], ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]

    @property
    def columns(self) -> int:
        """Return how many columns it has."""
        return max([len(self.head), *(len(row) for row in self.rows)])


@dataclass(frozen=True, slots=True)
class Divider:
    """A line between two parts."""


@dataclass(frozen=True, slots=True)
class PictureBlock:
    """A picture: `name` is a file's name or an address, `link_url` where it leads, "" for nowhere."""

    name: str
    alt: str
    link_url: str = ""


@dataclass(frozen=True, slots=True)
class Embed:
    """What no email can show: a video, a form, a frame. `kind` is its name in words, such as "Video"."""

    kind: str
    title: str
    url: str

    @property
    def words(self) -> str:
        """Return what stands in its place: "Video: A walk, at example.org"."""
        host = urlsplit(self.url).hostname or ""
        named = f"{self.kind}: {self.title}" if self.title else self.kind
        return f"{named}, at {host}" if host else named


Block: TypeAlias = Heading | Paragraph | ItemList | Quotation | CodeBlock | LetterTable | Divider | PictureBlock | Embed


@dataclass(frozen=True, slots=True)
class LetterBody:
    """The blocks of a letter, its footnotes in the order of their numbers, and what its writer should know."""

    blocks: tuple[Block, ...]
    notes: tuple[tuple[Block, ...], ...] = ()
    faults: tuple[str, ...] = field(default=())

    def pictures(self) -> list[PictureBlock]:
        """Return the pictures in their order, those in footnotes last."""
        everything = [*self.blocks, *(block for note in self.notes for block in note)]
        return [block for block in walk(everything) if isinstance(block, PictureBlock)]


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield each block and those inside it."""
    for block in blocks:
        yield block
        match block:
            case ItemList(items=items):
                for item in items:
                    yield from walk(item)
            case Quotation(blocks=inner):
                yield from walk(inner)


def plain(parts: Iterable[Inline]) -> str:
    """Return the text of inlines without their marks, on one line."""
    found = []
    for part in parts:
        match part:
            case Words(text) | CodeSpan(text):
                found.append(text)
            case LineBreak():
                found.append(" ")
            case NoteMark():
                pass
            case _:
                found.append(plain(part.parts))
    return "".join(found)


def linked(parts: Iterable[Inline], url: str) -> tuple[Inline, ...]:
    """Return parts that lead to `url`; links and marks of footnotes in them stay as they are (HTML, section 4.5.1)."""
    made: list[Inline] = []
    for is_link, run in groupby(parts, _holds_link):
        words = tuple(run)
        made += words if is_link or not plain(words).strip() else [LetterLink(url, words)]
    return tuple(made)


def paragraphs(parts: Sequence[Inline]) -> list[Block]:
    """Return the paragraph of these parts without white space around it, or none if there is nothing in it."""
    trimmed = [*parts]
    while trimmed and _is_blank(trimmed[0]):
        del trimmed[0]
    while trimmed and _is_blank(trimmed[-1]):
        del trimmed[-1]
    if trimmed and isinstance(trimmed[0], Words):
        trimmed[0] = Words(trimmed[0].text.lstrip())
    if trimmed and isinstance(trimmed[-1], Words):
        trimmed[-1] = Words(trimmed[-1].text.rstrip())
    return [Paragraph(tuple(trimmed))] if trimmed else []


def is_sendable_link(url: str) -> bool:
    """Return whether a link works in an email: absolute, and http, https or mailto."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return bool(parts.path)
    return parts.scheme in LINK_SCHEMES and bool(parts.hostname)


def _holds_link(part: Inline) -> bool:
    return isinstance(part, LetterLink | NoteMark) or any(map(_holds_link, getattr(part, "parts", ())))


def _is_blank(part: Inline) -> bool:
    return isinstance(part, LineBreak) or (isinstance(part, Words) and not part.text.strip())
