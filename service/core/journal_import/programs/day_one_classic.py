"""Day One Classic: a folder of property lists, one an entry, and its photos by the entry's id."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from service.core.journal_import.reading.attachments import kind_left_behind, text_in, texts_in
from service.core.journal_import.reading.import_files import DamagedFileError, FileBoundError, ImportFiles, tidy_text
from service.core.journal_import.reading.imported import (
    NO_DATE,
    NOTHING_IN_IT,
    TOO_LARGE_ENTRY,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
)

LARGEST_PLIST_BYTES: Final = 2 * 1024 * 1024
_KEYS: Final = (b"<key>Entry Text</key>", b"<key>Creation Date</key>")


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is such an entry."""
    return any(_is_entry(files.head(name)) for name in files.texts_like(lambda start: start[:1] == b"<", most=20))


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries, in the order of their files."""
    for name in files.texts():
        if name.lower().endswith(".doentry") or _is_entry(files.head(name)):
            yield _entry(files, name)


def _is_entry(head: bytes) -> bool:
    return any(key in head for key in _KEYS)


def _entry(files: ImportFiles, name: str) -> ImportItem:
    try:
        data = files.read_bytes(name, LARGEST_PLIST_BYTES)
    except FileBoundError:
        return LeftOutEntry(name, TOO_LARGE_ENTRY)
    except DamagedFileError:
        return LeftOutEntry(name, UNREADABLE_ENTRY)
    entry = _plist(data)
    if entry is None:
        return LeftOutEntry(name, UNREADABLE_ENTRY, words=_text_between(data))
    words, at = tidy_text(text_in(entry.get("Entry Text"))).strip(), entry.get("Creation Date")
    identifier = text_in(entry.get("UUID")) or name.rpartition("/")[2].rpartition(".")[0]
    photo = files.find_stem(identifier)
    if photo == name or (photo is not None and kind_left_behind(files, photo) is not None):
        photo = None
    if not isinstance(at, datetime):
        return LeftOutEntry(name, NO_DATE, "", words)
    if not words and photo is None:
        return LeftOutEntry(name, NOTHING_IN_IT, at.date().isoformat())
    return ImportedEntry(
        place=name,
        words=words,
        at=at.replace(tzinfo=UTC),
        zone=text_in(entry.get("Time Zone")),
        photos=(photo,) if photo else (),
        tags=texts_in(entry.get("Tags")),
        source_id=identifier,
    )


def _plist(data: bytes) -> dict[str, Any] | None:
    """Return a property list; one without its head is given one. Entities are refused by the library."""
    if b"<plist" not in data:
        data = b'<plist version="1.0">' + data[data.find(b"<dict") :] + b"</plist>"
    try:
        found = plistlib.loads(data, fmt=plistlib.FMT_XML)
    except Exception:  # noqa: BLE001 - the library raises whatever its parsers happen to, and one file stops no other
        return None
    return found if isinstance(found, dict) else None


def _text_between(data: bytes) -> str:
    """Return what stands as the text of an entry that is no property list, so that its words are not lost."""
    start = data.find(_KEYS[0])
    end = data.find(b"</string>", start)
    if start < 0 or end < 0:
        return ""
    return tidy_text(data[data.find(b"<string>", start) + len(b"<string>") : end].decode("utf-8", "replace")).strip()


FORMAT: Final = JournalFormat("dayone_classic", "Day One Classic", matches, read)
