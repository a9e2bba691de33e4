"""Diaro's backup: an XML file of tables, and its photos. Entities are refused, so that no text can grow or fetch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from typing import BinaryIO, Final
from xml.parsers import expat

from service.core.journal_import.reading.attachments import sort_attachments
from service.core.journal_import.reading.html_words import with_title, words_of
from service.core.journal_import.reading.import_files import READ_BYTES, ImportFiles
from service.core.journal_import.reading.imported import (
    NO_DATE,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    reason_without,
)
from service.core.journal_import.reading.local_days import from_milliseconds

LARGEST_XML_BYTES: Final = 64 * 1024 * 1024
_TABLE: Final = re.compile(rb"<table\s+(?:[^>]*\s)?(?:name|title)=[\"']diaro_")
_OFFSET: Final = re.compile(r"([+-])(\d{1,2}):?(\d{2})$")

_Row = Mapping[str, str]


class _ForbiddenXmlError(Exception):
    """The XML declares entities, which no journal needs."""


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is such a backup."""
    return next(_backups(files), None) is not None


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries of the backup."""
    for name in _backups(files):
        reader = _TableReader()
        tables = reader.tables
        try:
            with files.open(name, LARGEST_XML_BYTES) as file:
                reader.parse(file)
        except (expat.ExpatError, _ForbiddenXmlError):
            yield LeftOutEntry(name, UNREADABLE_ENTRY)
        tags = {row.get("uid", ""): row.get("title", "") for row in tables.get("diaro_tags", ())}
        photos: dict[str, list[str]] = {}
        for row in tables.get("diaro_attachments", ()):
            photos.setdefault(row.get("entry_uid", ""), []).append(row.get("filename", ""))
        for number, row in enumerate(tables.get("diaro_entries", ()), 1):
            yield _entry(files, f"{name}, entry {number}", row, tags, photos.get(row.get("uid", ""), []))


def _backups(files: ImportFiles) -> Iterator[str]:
    for name in files.texts_like(lambda start: start[:1] == b"<", most=20):
        if _TABLE.search(files.head(name)):
            yield name


@dataclass(slots=True)
class _TableReader:
    """Fills the tables by their names, each row with its texts by tag, as the parser goes along."""

    tables: dict[str, list[_Row]] = field(default_factory=dict, repr=False)
    _table: list[_Row] = field(default_factory=list, repr=False)
    _row: dict[str, str] | None = field(default=None, repr=False)
    _pieces: list[str] = field(default_factory=list, repr=False)

    def parse(self, file: BinaryIO) -> None:
        """Read a file; what was read before an error stays in the tables."""
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._pieces.append
        parser.EntityDeclHandler = parser.ExternalEntityRefHandler = _refuse
        while chunk := file.read(READ_BYTES):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table":
            self._table = self.tables.setdefault(attributes.get("name") or attributes.get("title", ""), [])
        elif name == "r":
            self._row = {}
        self._pieces.clear()

    def _end(self, name: str) -> None:
        if self._row is None:
            return
        if name == "r":
            self._table.append(self._row)
            self._row = None
        else:
            self._row[name] = "".join(self._pieces)


def _refuse(*_: object) -> int:
    raise _ForbiddenXmlError


def _entry(files: ImportFiles, place: str, row: _Row, tags: Mapping[str, str], names: list[str]) -> ImportItem:
    words = with_title(row.get("title", ""), words_of(row.get("text", "")))
    photos, left = sort_attachments(files, names)
    at, offset = from_milliseconds(row.get("date")), _offset(row.get("tz_offset", ""))
    if at is None:
        return LeftOutEntry(place, NO_DATE, row.get("date", ""), words)
    if not words and not photos:
        return LeftOutEntry(place, reason_without(left), at.date().isoformat())
    return ImportedEntry(
        place=place,
        words=words,
        on=at.astimezone(offset).date() if offset else None,
        at=at,
        photos=photos,
        tags=tuple(name for uid in row.get("tags", "").split(",") if (name := tags.get(uid.strip(), ""))),
        source_id=row.get("uid", ""),
        left_behind=left,
    )


def _offset(written: str) -> timezone | None:
    found = _OFFSET.match(written.strip())
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    try:
        return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    except ValueError:
        return None


FORMAT: Final = JournalFormat("diaro", "Diaro", matches, read)
