"""Folders of Markdown or text (Obsidian, Logseq, iA Writer, Diary), and files with a heading for each day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from service.core.journal_import.notes.front_matter import split_front_matter
from service.core.journal_import.notes.note_days import (
    HeadingDay,
    NoteDay,
    day_of_note,
    heading_day,
    is_year_or_month,
)
from service.core.journal_import.reading.attachments import sort_attachments
from service.core.journal_import.reading.import_files import DamagedFileError, FileBoundError, ImportFiles
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
from service.core.journal_import.reading.unread_files import is_formatted, is_litter

NOT_A_DAY: Final = "Neither its name nor its text says which day it’s from."
_ENDINGS: Final = (".md", ".markdown", ".txt", ".text", ".org")
_EMBED: Final = re.compile(
    r"!\[\[([^\]|\n]+)(?:\|[^\]\n]*)?\]\]"
    r"|!\[[^\]\n]*\]\(<?([^)>\n]+?)>?(?:\s+\"[^\"\n]*\")?\)(?:\{:[^{}\n]*\})?"  # Logseq's size
)
_ORG_PICTURE: Final = re.compile(
    r"\[\[(?:file:)?([^\]\n]+\.(?:png|jpe?g|gif|heic|webp|mp4|mov|m4a|mp3|pdf))\](?:\[[^\]\n]*\])?\]", re.IGNORECASE
)
_WIKI: Final = re.compile(r"\[\[([^\]|\n]+)(?:\|([^\]\n]+))?\]\]")
_PROPERTY: Final = re.compile(
    r"^\s*(?:-\s+)?(?:id|collapsed|title|created-at|updated-at|background-color|logseq\.[\w.-]+)::.*$"
    r"|^title:\s+\w+ \d+\w\w, \d{4}\s*$"
)
_DRAWER: Final = re.compile(
    r"^\s*(?:- )?:(?:PROPERTIES|LOGBOOK):\s*$.*?^\s*:END:\s*$\n?", re.MULTILINE | re.DOTALL | re.IGNORECASE
)
_HAS_ENDING: Final = re.compile(r"\.(?!md$)[A-Za-z0-9]{2,5}(?:#.*)?$")
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
        if match[1] and not _HAS_ENDING.search(target):
            return match[1]  # another note, in Obsidian
        if _REMOTE.match(target) and not target.lower().startswith("file:"):
            return match[0]  # an address elsewhere: named, never fetched
        found.append(_WIDTH.sub("", target.partition("#")[0]))
        return ""

    return _GAPS.sub("\n\n", _EMBED.sub(embed, text)).strip(), found


def _notes(files: ImportFiles) -> Iterator[str]:
    if not files.is_archive:
        yield from (name for name in files.names if not is_formatted(files.head(name)))
        return
    for name in files.names:
        if _is_text(name) and not is_litter(name) and not is_formatted(files.head(name)):
            yield name


def _is_text(name: str) -> bool:
    """Return whether a file is text by its ending; one without an ending is if its name is a day."""
    last = name.rpartition("/")[2]
    return last.lower().endswith(_ENDINGS) or ("." not in last and first_day_in(last) is not None)


def _days_of(files: ImportFiles, name: str) -> bool:
    try:
        text = files.read_text(name)
    except (FileBoundError, DamagedFileError):
        return False
    keys, body = split_front_matter(text)
    return day_of_note(keys, name, body) is not None or _has_day_headings(body)


def _has_day_headings(body: str) -> bool:
    return any(map(heading_day, body.split("\n")))


def _entries(files: ImportFiles, name: str, text: str) -> Iterator[ImportItem]:
    keys, body = split_front_matter(text)
    day = day_of_note(keys, name, body)
    if day is None and _has_day_headings(body):
        yield from _by_headings(files, name, body)
    elif day is None:
        yield LeftOutEntry(name, NOT_A_DAY, words=text.strip())
    else:
        yield _entry(files, name, day, body, tags=tuple(tag for tag in keys.get("tags", ()) if tag), beside=name)


def _by_headings(files: ImportFiles, name: str, body: str) -> Iterator[ImportItem]:
    day: HeadingDay | None = None
    lines, number = list[str](), 0
    for line in [*body.split("\n"), None]:
        found = heading_day(line) if line is not None else None
        if line is not None and found is None:
            lines += [] if is_year_or_month(line) else [line]
            continue
        text = "\n".join(lines).strip()
        if day or text:
            number += 1
            place = f"{name}, part {number}"
            if day is not None and day.on is not None:
                yield _entry(files, place, NoteDay(day.on, day.at), text, beside=name)
            else:
                yield LeftOutEntry(place, NO_DATE, day.dated if day else "", text)
        day, lines = found, [found.title, ""] if found and found.title else []


def _entry(
    files: ImportFiles, place: str, day: NoteDay, body: str, *, beside: str, tags: tuple[str, ...] = ()
) -> ImportItem:
    body = _ORG_PICTURE.sub(r"![](\1)", body) if beside.lower().endswith(".org") else body
    words, found = split_embeds(_without_properties(body))
    words = _WIKI.sub(lambda link: link[2] or link[1], words)
    words = "" if words in {"-", "*"} else words
    photos, left = sort_attachments(files, found, beside)
    if not words and not photos:
        return LeftOutEntry(place, reason_without(left), str(day.on or day.at))
    return ImportedEntry(place=place, words=words, on=day.on, at=day.at, photos=photos, tags=tags, left_behind=left)


def _without_properties(body: str) -> str:
    """Return the text without the properties that Logseq keeps for itself, and its drawers."""
    body = _DRAWER.sub("", body)
    return "\n".join(line for line in body.split("\n") if not _PROPERTY.match(line))


FORMAT: Final = JournalFormat("markdown", "Markdown or text files", matches, read)
