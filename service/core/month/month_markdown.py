"""A month of the journal as a Markdown file (CommonMark 0.31), with the words as they were written."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from service.core.dates import full_date, month_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

BETWEEN_ENTRIES: Final = "* * *"
PHOTO: Final = "*There’s a photo with this in your journal.*"

# Signs with a meaning anywhere in a line: escapes, emphasis, code, links, strikethrough and tables (the last two
# are GitHub's), a tag or an address in angle brackets, a character reference.
_ANYWHERE = re.compile(r"[\\`*_\[\]~|]|<(?=[A-Za-z/!?])|&(?=#?[0-9A-Za-z]+;)")
# Signs with a meaning only at the start of a line: headings and their underlines, quotations, lists, fences.
_AT_HEAD = re.compile(r"[#>+=-]")
_NUMBERED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_INDENT = re.compile(r"[ \t]+")
_REFERENCES: Final = {" ": "&#32;", "\t": "&#9;"}


@dataclass(frozen=True, slots=True)
class MarkdownEntry:
    """One entry of the file; `question` is "" for words that answer no question.

    `photos` are the addresses of its photos beside the file; without them, `has_photo` says that there is one.
    """

    written_on: date
    question: str
    words: str = field(repr=False)
    has_photo: bool = False
    photos: tuple[str, ...] = ()


def month_as_markdown(month: date, entries: Sequence[MarkdownEntry]) -> str:
    """Return the file of the month that begins on `month`; the entries come in the order of their days.

    Rendered, it shows every word as it was written, line for line: Markdown's own signs are escaped.
    """
    return "".join(month_in_pieces(month, entries))


def month_in_pieces(month: date, entries: Iterable[MarkdownEntry]) -> Iterator[str]:
    """Yield the same file piece by piece, each entry when its turn comes."""
    yield f"# {month_name(month)} {month.year}\n"
    for day, of_day in itertools.groupby(entries, key=lambda entry: entry.written_on):
        yield f"\n## {full_date(day)}\n"
        for place, entry in enumerate(of_day):
            parts = [BETWEEN_ENTRIES] if place else []
            yield from (f"\n{part}\n" for part in [*parts, *_parts(entry)])


def verbatim(text: str) -> str:
    """Return Markdown that renders as this text: paragraphs where it has blank lines, breaks where it has breaks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_with_breaks([_escaped(line.rstrip()) for line in lines])).strip("\n")


def _parts(entry: MarkdownEntry) -> Iterable[str]:
    if entry.question:
        yield "\n".join(f"> {line}".rstrip() for line in verbatim(entry.question).split("\n"))
    if words := verbatim(entry.words):
        yield words
    if entry.photos:
        yield "\n\n".join(f"![A photo]({address})" for address in entry.photos)
    elif entry.has_photo:
        yield PHOTO


def _with_breaks(lines: Sequence[str]) -> Iterable[str]:
    """Yield the lines, with a backslash (a hard line break) after each but the last of its paragraph."""
    for line, following in itertools.zip_longest(lines, lines[1:], fillvalue=""):
        yield f"{line}\\" if line and following else line


def _escaped(line: str) -> str:
    indent = _INDENT.match(line)
    if indent is not None:
        # A character reference, since four spaces would turn the line into code; after it, spaces are plain spaces.
        return _REFERENCES[line[0]] + _inner(line[1:])
    if _AT_HEAD.match(line):
        return "\\" + line[0] + _inner(line[1:])
    numbered = _NUMBERED.match(line)
    if numbered is not None:
        return f"{numbered[1]}\\{numbered[2]}{_inner(line[numbered.end() :])}"
    return _inner(line)


def _inner(text: str) -> str:
    return _ANYWHERE.sub(lambda match: "\\" + match[0], text)
