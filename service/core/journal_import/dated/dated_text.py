"""Plain text journals whose entries begin with a line that is a date: Dabble Me, OhLife, DayJot, 750words, Day One."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from service.core.journal_import.notes.markdown_folder import split_embeds
from service.core.journal_import.reading.attachments import sort_attachments
from service.core.journal_import.reading.html_words import words_of
from service.core.journal_import.reading.import_files import ImportFiles, start_of
from service.core.journal_import.reading.imported import (
    NO_DATE,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    reason_without,
)
from service.core.journal_import.reading.local_days import at_local, first_day_in, split_day, time_in

_BARE_DAY: Final = re.compile(r"(\d{4}([-/.])\d{2}\2\d{2})\s*$")
_HEADING_DAY: Final = re.compile(r"#{1,6}\s+(\d{4}-\d{2}-\d{2})(?!\d)[\s:–—-]*(.*)$")
_TAB_DATE: Final = re.compile(r"\tDate:\t(.+)$")
_TAB_HEAD: Final = re.compile(r"\t(\w[\w ]*):\t(.*)$")
_WORDS_START: Final = re.compile(r"(?:-{3,}|={3,}) ENTRY (?:-{3,}|={3,})\s*$")
_WORDS_HEAD: Final = re.compile(
    r"(?:=== )?(Date|DATE|Words|WORDS|Minutes|MINUTES|BODY|Title|TITLE|METADATA)\b:?\s*(.*?)(?: ===)?\s*$"
)
_PHOTO_OF_DAY: Final = re.compile(r"img_(\d{4}-\d{2}-\d{2})-(\d+)\.\w+$", re.IGNORECASE)


@dataclass(slots=True)
class _Part:
    """The lines of one entry, the line with its date, and where it begins."""

    line: int
    dated: str
    on: date | None
    at: datetime | None = None
    lines: list[str] = field(default_factory=list, repr=False)
    photos: list[str] = field(default_factory=list, repr=False)
    is_closed: bool = False

    @property
    def words(self) -> str:
        return words_of("\n".join(self.lines)) if "<p" in "".join(self.lines[:2]) else "\n".join(self.lines).strip()


_Opens = Callable[[str], _Part | None]


def _opens_by(pattern: re.Pattern[str]) -> _Opens:
    def opens(line: str) -> _Part | None:
        found = pattern.match(line)
        if found is None:
            return None
        title = found[2].strip() if found.lastindex == 2 else ""  # noqa: PLR2004  (the group after the date)
        return _Part(0, found[1], first_day_in(found[1]), lines=[title] if title else [])

    return opens


def _opens_tab_date(line: str) -> _Part | None:
    found = _TAB_DATE.match(line)
    if found is None:
        return None
    on = first_day_in(found[1])
    return _Part(0, found[1], on, at_local(on, time_in(found[1].rpartition(" at ")[2])))


def _opens_words(line: str) -> _Part | None:
    return _Part(0, "", None) if _WORDS_START.match(line) else None


def _starts(opens: _Opens) -> Callable[[bytes], bool]:
    """Return whether a text begins with a line that opens an entry."""

    def starts(start: bytes) -> bool:
        return opens(start.split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r")) is not None

    return starts


def _tab_starts(head: bytes) -> bool:
    return start_of(head).startswith(b"Date:\t")


def _parts(files: ImportFiles, name: str, opens: _Opens) -> Iterator[_Part]:
    part = _Part(1, "", None)
    for number, line in enumerate(files.lines(name), 1):
        opened = opens(line)
        if opened is None:
            part.lines.append(line)
            continue
        if part.dated or part.line > 1 or any(each.strip() for each in part.lines):
            yield part
        part, part.line = opened, number
    yield part


def _read_by(
    opens: _Opens, likes: Callable[[bytes], bool], heads: Callable[[_Part], None] | None = None
) -> Callable[[ImportFiles], Iterator[ImportItem]]:
    def read(files: ImportFiles) -> Iterator[ImportItem]:
        photos = _photos_by_day(files)
        for name in files.texts_like(likes):
            for part in _parts(files, name, opens):
                if heads is not None:
                    heads(part)
                item = _item(files, f"{name}, line {part.line}", part, photos)
                if item is not None:
                    yield item
        for day, names in photos.items():
            yield from _alone(files, day, names)

    return read


def _item(files: ImportFiles, place: str, part: _Part, photos: dict[date, list[str]]) -> ImportItem | None:
    words = part.words
    if part.on is None:
        return LeftOutEntry(place, NO_DATE, part.dated, words) if words or part.dated else None
    words, embedded = split_embeds(words)
    kept, left = sort_attachments(files, [*photos.pop(part.on, []), *part.photos, *embedded])
    if not words and not kept:
        return LeftOutEntry(place, reason_without(left), part.on.isoformat())
    return ImportedEntry(place=place, words=words, on=part.on, at=part.at, photos=kept, left_behind=left)


def _photos_by_day(files: ImportFiles) -> dict[date, list[str]]:
    """Return OhLife's photos by their day, in order."""
    found: dict[date, list[tuple[int, str]]] = {}
    for name in files.names:
        if (match := _PHOTO_OF_DAY.search(name)) and (on := first_day_in(match[1])):
            found.setdefault(on, []).append((int(match[2]), name))
    return {on: [name for _, name in sorted(names)] for on, names in found.items()}


def _alone(files: ImportFiles, on: date, names: list[str]) -> Iterator[ImportItem]:
    """Yield the photos of a day that has no words in the upload: they may belong to an entry that came before."""
    kept, left = sort_attachments(files, names)
    if kept:
        yield ImportedEntry(place=names[0], words="", on=on, photos=kept, left_behind=left, source_id=f"photos:{on}")


def _heads_of_words(part: _Part) -> None:
    """Take the head of an entry of 750words off its lines."""
    title = ""
    while part.lines and not part.is_closed:
        line = part.lines[0]
        head = _WORDS_HEAD.match(line.strip())
        if head is None and line.strip():
            break
        part.lines.pop(0)
        if head is None and part.dated:
            part.is_closed = True  # a blank line ends the older head
        elif head is not None and head[1].lower() == "date":
            part.dated, part.on = head[2], first_day_in(head[2])
        elif head is not None and head[1].lower() == "title":
            title = head[2]
        elif head is not None and head[1].lower() == "body":
            part.is_closed = True
    on, rest = split_day(title.strip())
    if title.strip() and (on is None or on != part.on or rest.strip()):  # without one of its own, it is the date
        part.lines[:0] = [title.strip(), ""]


def _tab_heads(part: _Part) -> None:
    """Take the other heads of an entry (weather, place, photo) off its lines, and note the names of its photos."""
    while part.lines and (not part.lines[0].strip() or _TAB_HEAD.match(part.lines[0])):
        head = _TAB_HEAD.match(part.lines.pop(0))
        if head is not None and head[1].startswith("Photo") and head[2].strip():
            part.photos.append(head[2].strip())


def _matches_by(likes: Callable[[bytes], bool]) -> Callable[[ImportFiles], bool]:
    return lambda files: next(files.texts_like(likes), None) is not None


def _is_photos(files: ImportFiles) -> bool:
    return files.is_archive and bool(files.names) and all(_PHOTO_OF_DAY.search(name) for name in files.names)


def _read_photos(files: ImportFiles) -> Iterator[ImportItem]:
    for on, names in _photos_by_day(files).items():
        yield from _alone(files, on, names)


def _format(key: str, title: str, opens: _Opens, heads: Callable[[_Part], None] | None = None) -> JournalFormat:
    likes = _starts(opens)
    return JournalFormat(key, title, _matches_by(likes), _read_by(opens, likes, heads))


DABBLE_ME: Final = _format("dabble_me", "Dabble Me", _opens_by(_HEADING_DAY))
OHLIFE: Final = _format("ohlife", "OhLife, DayJot or plain text with dates", _opens_by(_BARE_DAY))
OHLIFE_PHOTOS: Final = JournalFormat("ohlife_photos", "Photos from OhLife", _is_photos, _read_photos)
SEVEN_FIFTY: Final = _format("750words", "750 Words", _opens_words, _heads_of_words)
TAB_DATES: Final = JournalFormat(
    "dayone_text",
    "Plain text from Day One",
    _matches_by(_tab_starts),
    _read_by(_opens_tab_date, _tab_starts, _tab_heads),
)
