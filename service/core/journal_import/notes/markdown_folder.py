"""Folders of Markdown or text (Obsidian, Logseq, iA Writer, Diary), and files with a heading for each day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Final
from urllib.parse import unquote

from service.core.journal_import.notes.front_matter import split_front_matter
from service.core.journal_import.reading.attachments import sort_attachments
from service.core.journal_import.reading.import_files import DamagedFileError, FileBoundError, ImportFiles
from service.core.journal_import.reading.imported import (
    A_MISSING_PHOTO,
    NO_DATE,
    NOTHING_IN_IT,
    TOO_LARGE_ENTRY,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
)
from service.core.journal_import.reading.local_days import at_local, first_day_in, time_in

ONLY_MISSING_PHOTO: Final = "It’s only a photo, and that wasn’t in the file."
NOT_A_DAY: Final = "Neither its name nor its text says which day it’s from."
_SKIPPED: Final = re.compile(
    r"(?:^|/)(?:\.obsidian|\.trash|\.git|\.logseq|logseq|_?templates?|node_modules)/", re.IGNORECASE
)
_ENDINGS: Final = (".md", ".markdown", ".txt", ".text")
_PATH_DAY: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?:[^/\d][^/]*)?\.\w+$")
_HEADING_DAY: Final = re.compile(r"^#{1,6}\s+(?=\[*\d{4}-\d{2}-\d{2}(?!\d))")
_DAY_TITLE: Final = re.compile(r"\[*(\d{4}-\d{2}-\d{2})\]*[\s:–—-]*(.*)$")
_EMBED: Final = re.compile(r"!\[\[([^\]|\n]+)(?:\|[^\]\n]*)?\]\]|!\[[^\]\n]*\]\(<?([^)>\n]+?)>?(?:\s+\"[^\"\n]*\")?\)")
_WIKI: Final = re.compile(r"\[\[([^\]|\n]+)(?:\|([^\]\n]+))?\]\]")
_PROPERTY: Final = re.compile(
    r"^\s*(?:-\s+)?(?:id|collapsed|title|created-at|updated-at|background-color|logseq\.[\w.-]+)::.*$"
    r"|^title:\s+\w+ \d+\w\w, \d{4}\s*$"
)
_DRAWER: Final = re.compile(
    r"^\s*(?:- )?:(?:PROPERTIES|LOGBOOK):\s*$.*?^\s*:END:\s*$\n?", re.MULTILINE | re.DOTALL | re.IGNORECASE
)
_TITLE_PROPERTY: Final = re.compile(r"^\s*(?:-\s+)?(?:title::?|#\+title:)\s*(.+)$", re.MULTILINE | re.IGNORECASE)
_DATE_KEYS: Final = ("date", "created", "created_at", "creation_date", "day", "title")
_WIDTH: Final = re.compile(r"\?\d+$")  # of a picture in RedNotebook
_GAPS: Final = re.compile(r"\n{3,}")
_REMOTE: Final = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def matches(files: ImportFiles) -> bool:
    """Return whether a text file of the upload has a day, by its front matter, name, path or headings."""
    return any(_days_of(files, name) for name in _notes(files))


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries, and every text file that has no day."""
    for name in _notes(files):
        try:
            text = files.read_text(name)
        except FileBoundError:
            yield LeftOutEntry(name, TOO_LARGE_ENTRY)
            continue
        except DamagedFileError:
            yield LeftOutEntry(name, UNREADABLE_ENTRY)
            continue
        yield from _entries(files, name, text)


def split_embeds(text: str) -> tuple[str, list[str]]:
    """Return Markdown without the files that are embedded in it, and their paths; an address elsewhere stays."""
    found: list[str] = []

    def embed(match: re.Match[str]) -> str:
        target = unquote((match[1] or match[2]).strip())
        if _REMOTE.match(target) and not target.lower().startswith("file:"):
            return match[0]  # an address elsewhere: named, never fetched
        found.append(_WIDTH.sub("", target.partition("#")[0]))
        return ""

    return _GAPS.sub("\n\n", _EMBED.sub(embed, text)).strip(), found


def _notes(files: ImportFiles) -> Iterator[str]:
    if not files.is_archive:
        yield from files.names
        return
    for name in files.names:
        if name.lower().endswith(_ENDINGS) and not _SKIPPED.search(f"/{name}"):
            yield name


def _days_of(files: ImportFiles, name: str) -> bool:
    try:
        text = files.read_text(name)
    except (FileBoundError, DamagedFileError):
        return False
    keys, body = split_front_matter(text)
    return _day_of(keys, name, body) is not None or _has_day_headings(body)


def _has_day_headings(body: str) -> bool:
    return any(_HEADING_DAY.match(line) for line in body.split("\n"))


def _day_of(keys: Mapping[str, list[str]], name: str, body: str) -> date | None:
    """Return the day of a file: of its front matter, its name, its path, or Logseq's title; never of its file time."""
    for key in _DATE_KEYS:
        if on := first_day_in(next(iter(keys.get(key, ())), "")):
            return on
    last = name.rpartition("/")[2]
    if on := first_day_in(last):
        return on
    if path := _PATH_DAY.search(name):
        return first_day_in("-".join(path.groups()))
    title = _TITLE_PROPERTY.search(body[:1000])
    return first_day_in(title[1]) if title else None


def _entries(files: ImportFiles, name: str, text: str) -> Iterator[ImportItem]:
    keys, body = split_front_matter(text)
    on = _day_of(keys, name, body)
    if on is None and _has_day_headings(body):
        yield from _by_headings(files, name, body)
        return
    if on is None:
        yield LeftOutEntry(name, NOT_A_DAY, words=text.strip())
        return
    written = next((value for key in _DATE_KEYS[:4] for value in keys.get(key, ())), "")
    at = at_local(on, time_in(written[10:]) if first_day_in(written) == on else None)
    yield _entry(files, name, on, body, at=at, tags=tuple(tag for tag in keys.get("tags", ()) if tag), beside=name)


def _by_headings(files: ImportFiles, name: str, body: str) -> Iterator[ImportItem]:
    day, lines, number = "", list[str](), 0
    for line in [*body.split("\n"), None]:
        if line is not None and not _HEADING_DAY.match(line):
            lines.append(line)
            continue
        text = "\n".join(lines).strip()
        if day or text:
            number += 1
            on, place = first_day_in(day), f"{name}, part {number}"
            if on is not None:
                yield _entry(files, place, on, text, beside=name)
            else:
                yield LeftOutEntry(place, NO_DATE, day, text)
        if line is not None:
            found = _DAY_TITLE.match(_HEADING_DAY.sub("", line))
            day, title = (found[1], found[2].strip()) if found else ("", line)
            lines = [title, ""] if title else []


def _entry(
    files: ImportFiles,
    place: str,
    on: date,
    body: str,
    *,
    beside: str,
    at: datetime | None = None,
    tags: tuple[str, ...] = (),
) -> ImportItem:
    words, found = split_embeds(_without_properties(body))
    words = _WIKI.sub(lambda link: link[2] or link[1], words)
    words = "" if words in {"-", "*"} else words
    photos, left = sort_attachments(files, found, beside)
    if not words and not photos:
        return LeftOutEntry(place, ONLY_MISSING_PHOTO if A_MISSING_PHOTO in left else NOTHING_IN_IT, on.isoformat())
    return ImportedEntry(
        place=place,
        words=words,
        on=on,
        at=at,
        photos=photos,
        tags=tags,
        left_behind=left,
    )


def _without_properties(body: str) -> str:
    """Return the text without the properties that Logseq keeps for itself, and its drawers."""
    body = _DRAWER.sub("", body)
    return "\n".join(line for line in body.split("\n") if not _PROPERTY.match(line))


FORMAT: Final = JournalFormat("markdown", "Markdown or text files", matches, read)
