"""Evernote's ENEX: one XML file of notes with their photos in it. Entities are refused: no text can grow or fetch."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from xml.parsers import expat

from service.core.journal.photos import sniff
from service.core.journal_import.notes.diary_notes import NOT_A_DIARY, is_called_diary
from service.core.journal_import.reading.attachments import left_behind_of
from service.core.journal_import.reading.html_words import with_title, words_of_html
from service.core.journal_import.reading.import_files import LARGEST_PHOTO_BYTES, READ_BYTES, ImportFiles
from service.core.journal_import.reading.imported import (
    NO_DATE,
    TOO_LARGE_ENTRY,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    reason_without,
)
from service.core.journal_import.reading.local_days import first_day_in

LARGEST_NOTE_CHARACTERS: Final = 4 * 1024 * 1024
MOST_RESOURCES: Final = 200  # of one note
_START_CHARACTERS: Final = 64  # of a photo, enough to see what it is
_KEPT: Final = frozenset({"title", "created", "content", "tag", "mime"})
_TO_DO: Final = re.compile(r"<en-todo\b([^<>]*)>(?:\s*</en-todo>)?", re.IGNORECASE)
_TICKED: Final = re.compile(r"checked\s*=\s*[\"']true", re.IGNORECASE)
_PROLOG: Final = re.compile(r"\A\s*(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE[^>]*>\s*)?")


@dataclass(slots=True)
class _Resource:
    """A file in a note: its place in the XML as bytes from `start` to `end`, in base64, and how it begins."""

    start: int = -1
    end: int = -1
    beginning: str = field(default="", repr=False)
    mime: str = ""


@dataclass(slots=True)
class _Note:
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    tags: list[str] = field(default_factory=list, repr=False)
    resources: list[_Resource] = field(default_factory=list, repr=False)
    is_too_large: bool = False


class _ForbiddenEntityError(Exception):
    """The XML declares entities, which no export of notes has."""


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is an export of Evernote."""
    return next(_exports(files), None) is not None


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the notes; each that is no diary is listed."""
    for name in _exports(files, most=len(files.names)):  # one a notebook
        number = 0
        reader = _NoteReader()
        try:
            with files.open(name) as file:
                while chunk := file.read(READ_BYTES):
                    reader.feed(chunk)
                    for note in reader.taken():
                        number += 1
                        yield _entry(name, f"{name}, note {number}", note)
            reader.feed(b"", is_last=True)
        except (expat.ExpatError, _ForbiddenEntityError):
            yield LeftOutEntry(name, UNREADABLE_ENTRY)


def photo(files: ImportFiles, reference: str) -> bytes:
    """Return the bytes of a photo by the place of its base64 in a file; raises ValueError for anything else."""
    start, end, name = reference.split(":", 2)
    if not 0 < int(end) - int(start) <= LARGEST_PHOTO_BYTES * 3 // 2:
        raise ValueError("no photo is that large")
    return binascii.a2b_base64(files.read_range(name, int(start), int(end) - int(start)))


def _exports(files: ImportFiles, most: int = 20) -> Iterator[str]:
    for name in files.texts_like(lambda start: start[:1] == b"<", most):
        if b"<en-export" in files.head(name):
            yield name


class _NoteReader:
    """Collects the notes as the parser goes along; of a photo only its place."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = _refuse
        self._notes: list[_Note] = []
        self._note: _Note | None = None
        self._element = ""
        self._pieces: list[str] = []
        self._room = LARGEST_NOTE_CHARACTERS

    def feed(self, chunk: bytes, *, is_last: bool = False) -> None:
        self._parser.Parse(chunk, is_last)

    def taken(self) -> list[_Note]:
        """Return the notes that are complete, each once."""
        notes, self._notes = self._notes, []
        return notes

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._element = name
        self._pieces.clear()
        if name == "note":
            self._note, self._room = _Note(), LARGEST_NOTE_CHARACTERS
        elif name == "resource" and self._note is not None:
            if len(self._note.resources) >= MOST_RESOURCES:
                self._note.is_too_large = True
            else:
                self._note.resources.append(_Resource())

    def _characters(self, text: str) -> None:
        note = self._note
        if note is None:
            return
        if self._element in _KEPT:
            self._room -= len(text)
            note.is_too_large = note.is_too_large or self._room < 0
            if not note.is_too_large:
                self._pieces.append(text)
        elif self._element == "data" and note.resources:
            resource = note.resources[-1]
            if resource.start < 0:
                resource.start = self._parser.CurrentByteIndex
            if len(resource.beginning) < _START_CHARACTERS:
                resource.beginning += "".join(text.split())

    def _end(self, name: str) -> None:
        note, text = self._note, "".join(self._pieces)
        self._element = ""
        self._pieces.clear()
        if note is None:
            return
        if name == "note":
            self._notes.append(note)
            self._note = None
        elif name == "tag":
            note.tags.append(text.strip())
        elif name == "data" and note.resources:
            note.resources[-1].end = self._parser.CurrentByteIndex
        elif name == "mime" and note.resources:
            note.resources[-1].mime = text.strip()
        elif name in _KEPT:
            note.texts[name] = text


def _refuse(*_: object) -> int:
    raise _ForbiddenEntityError


def _entry(name: str, place: str, note: _Note) -> ImportItem:
    title, tags = note.texts.get("title", "").strip(), [tag for tag in note.tags if tag]
    words = with_title(title, _words_of(note.texts.get("content", "")))
    at, on = _instant(note.texts.get("created", "")), first_day_in(title)
    dated = note.texts.get("created", "") or title
    if note.is_too_large:
        return LeftOutEntry(place, TOO_LARGE_ENTRY, dated, words)
    if on is None and not is_called_diary(title, tags):
        return LeftOutEntry(place, NOT_A_DIARY, dated, words)
    if on is None and at is None:
        return LeftOutEntry(place, NO_DATE, dated, words)
    photos, left = _sorted_resources(name, note.resources)
    if not words and not photos:
        return LeftOutEntry(place, reason_without(left), dated)
    return ImportedEntry(place=place, words=words, on=on, at=at, photos=photos, tags=tuple(tags), left_behind=left)


def _sorted_resources(name: str, resources: list[_Resource]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    photos, left = [], []
    for resource in resources:
        if sniff(_beginning(resource)):
            photos.append(f"{resource.start}:{resource.end}:{name}")
        else:
            left.append(left_behind_of(resource.mime.rpartition("/")[2], resource.mime))
    return tuple(photos), tuple(left)


def _beginning(resource: _Resource) -> bytes:
    whole = resource.beginning[: len(resource.beginning) // 4 * 4]
    try:
        return binascii.a2b_base64(whole)
    except ValueError:
        return b""


def _words_of(content: str) -> str:
    """Return the words of a note's ENML, with its boxes to tick as Markdown."""
    return words_of_html(_TO_DO.sub(_tick_box, _PROLOG.sub("", content)))


def _tick_box(found: re.Match[str]) -> str:
    return "- [x] " if _TICKED.search(found[1]) else "- [ ] "


def _instant(written: str) -> datetime | None:
    try:
        return datetime.strptime(written.strip(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


FORMAT: Final = JournalFormat("evernote", "Evernote", matches, read, photo)
