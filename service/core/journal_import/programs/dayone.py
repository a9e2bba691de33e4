"""Day One's JSON export (since Day One 2, Apple and Android), as a zip with its photos or as the bare file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from service.core.journal_import.reading.attachments import dicts_in, kind_left_behind, text_in, texts_in
from service.core.journal_import.reading.import_files import ImportFiles, tidy_text
from service.core.journal_import.reading.imported import (
    A_DOCUMENT,
    A_MISSING_PHOTO,
    A_SOUND,
    A_VIDEO,
    NO_DATE,
    TOO_LARGE_ENTRY,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    reason_without,
)
from service.core.journal_import.reading.json_stream import JsonElement, is_json, shape_of, stream_elements
from service.core.journal_import.reading.local_days import read_instant

_REFERENCE: Final = re.compile(
    r" ?!\[[^\]\n]*\]\(dayone-(?:moment|photo|video|audio|pdf):/{1,3}(?:(photo|video|audio|pdfAttachment)/)?([^)\s]+)\)"
)
_OLD_KIND: Final = re.compile(r"dayone-(photo|video|audio|pdf):")
_APP_LINK: Final = re.compile(r"\[([^\]\n]*)\]\(dayone2?://[^)\s]*\)")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_ANDROID: Final = re.compile(r"20\d\d\.")
_FENCE: Final = re.compile(r"^ {0,3}(```+|~~~+)", re.MULTILINE)
_GAPS: Final = re.compile(r"\n{3,}")
_LISTS: Final = {"photos": "", "videos": A_VIDEO, "audios": A_SOUND, "pdfAttachments": A_DOCUMENT}
_EMBEDDED: Final = {"photo": "", "video": A_VIDEO, "audio": A_SOUND, "pdfAttachment": A_DOCUMENT, "pdf": A_DOCUMENT}
_BULLETS: Final = {"bulleted": "- ", "numbered": "1. ", "checkbox": "- [ ] "}


@dataclass(slots=True)
class _Media:
    """The attachments of a whole export by their ids: a photo that is used twice has its record in one entry alone."""

    has_escapes: bool = True
    photos: dict[str, str | None] = field(default_factory=dict, repr=False)
    others: dict[str, str] = field(default_factory=dict, repr=False)


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is such a journal."""
    return next(_journals(files), None) is not None


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries of every journal in the upload."""
    names = [*_journals(files)]
    media = _media(files, names)
    for name in names:
        media.has_escapes = not _is_by_android(files, name)
        number = 0
        for element in stream_elements(files, name):
            if element.key != "entries":
                continue
            number += 1
            yield _item(files, f"{name}, entry {number}", element, media)


def _journals(files: ImportFiles) -> Iterator[str]:
    for name in files.texts_like(is_json):
        shape = shape_of(files, name)
        if shape.is_array:
            continue
        entries = [each for each in shape.under("entries") if isinstance(each, dict)]
        has_version = any(isinstance(each, dict) and "version" in each for each in shape.under("metadata"))
        if any("creationDate" in each for each in entries) or (has_version and not shape.under("format")):
            yield name


def _is_by_android(files: ImportFiles, name: str) -> bool:
    """Return whether the Android app wrote a file, which it marks with a version of its own: it writes no escapes."""
    metadata = shape_of(files, name).under("metadata")
    return any(isinstance(each, dict) and _ANDROID.match(str(each.get("version"))) for each in metadata)


def _media(files: ImportFiles, names: list[str]) -> _Media:
    media = _Media()
    for name in names:
        for element in stream_elements(files, name):
            if element.key == "entries" and isinstance(element.value, dict):
                _note_media(files, element.value, media)
    return media


def _note_media(files: ImportFiles, entry: Mapping[str, Any], media: _Media) -> None:
    for key, called in _LISTS.items():
        for record in dicts_in(entry.get(key)):
            identifier = text_in(record.get("identifier")) or text_in(record.get("md5"))
            if called:
                media.others[identifier] = called
                continue
            stems = (text_in(record.get("md5")), identifier)
            found = next((name for stem in stems if (name := files.find_stem(stem))), None)
            media.photos[identifier] = found or files.find(text_in(record.get("filename")))


def _item(files: ImportFiles, place: str, element: JsonElement, media: _Media) -> ImportItem:
    entry = element.value
    if not isinstance(entry, dict):
        reason = TOO_LARGE_ENTRY if element.is_too_large else UNREADABLE_ENTRY
        return LeftOutEntry(place, reason, words=element.raw)
    text = text_in(entry.get("text"))
    words, referred = _words(entry, text, has_escapes=media.has_escapes)
    photos, left = _attached(files, entry, referred, media)
    at = read_instant(entry.get("creationDate"))
    if at is None:
        return LeftOutEntry(place, NO_DATE, text_in(entry.get("creationDate")), words)
    if not words and not photos:
        return LeftOutEntry(place, reason_without(left), text_in(entry.get("creationDate")))
    return ImportedEntry(
        place=place,
        words=words,
        at=at,
        zone=text_in(entry.get("timeZone")),
        photos=photos,
        tags=texts_in(entry.get("tags")),
        source_id=text_in(entry.get("uuid")),
        left_behind=left,
    )


def _words(entry: Mapping[str, Any], text: str, *, has_escapes: bool) -> tuple[str, list[tuple[str, str]]]:
    """Return the words of an entry and the attachments that they refer to, as (kind, id), in their order."""
    referred: list[tuple[str, str]] = []

    def note(found: re.Match[str]) -> str:
        old = _OLD_KIND.search(found[0])
        referred.append((found[1] or (old[1] if old else "photo"), found[2]))
        return ""

    if not text.strip():
        return _rich_words(text_in(entry.get("richText")), referred), referred
    bare = _APP_LINK.sub(r"\1", _REFERENCE.sub(note, tidy_text(text).replace("\\/", "/")))
    return _GAPS.sub("\n\n", unescaped(bare) if has_escapes else bare).strip(), referred


def unescaped(text: str) -> str:
    """Return Markdown without the backslashes before ASCII punctuation (CommonMark 0.31, 2.4), but for fenced code."""
    pieces, at, fence = list[str](), 0, ""
    for found in _FENCE.finditer(text):
        if not fence:
            pieces.append(_ESCAPE.sub(r"\1", text[at : found.start()]))
            at, fence = found.start(), found[1]
        elif found[1].startswith(fence):
            pieces.append(text[at : found.end()])
            at, fence = found.end(), ""
    rest = text[at:]
    return "".join([*pieces, rest if fence else _ESCAPE.sub(r"\1", rest)])


def _rich_words(rich: str, referred: list[tuple[str, str]]) -> str:
    """Return the words of Day One's rich text, which is JSON in a string; "" for anything else."""
    try:
        contents = json.loads(rich)["contents"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    pieces: list[str] = []
    for part in dicts_in(contents):
        embedded = dicts_in(part.get("embeddedObjects"))
        referred += [(text_in(each.get("type")), text_in(each.get("identifier"))) for each in embedded]
        pieces.append(_rich_piece(part))
    return _GAPS.sub("\n\n", tidy_text("".join(pieces))).strip()


def _rich_piece(part: Mapping[str, Any]) -> str:
    text, attributes = text_in(part.get("text")), part.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    line = attributes.get("line")
    line = line if isinstance(line, dict) else {}
    for name, mark in (("bold", "**"), ("italic", "*")):
        if attributes.get(name) and text.strip():
            core = text.strip()
            text = text.replace(core, f"{mark}{core}{mark}", 1)
    indent = line.get("indentLevel")
    depth = max(0, min(indent, 8) - 1) if isinstance(indent, int) else 0
    start = "  " * depth + _BULLETS.get(text_in(line.get("listStyle")), "")
    if line.get("checked"):
        start = start.replace("[ ]", "[x]")
    header = line.get("header")
    if isinstance(header, int) and 0 < header <= 6:  # noqa: PLR2004  (Markdown has six levels)
        start = "#" * header + " "
    return f"{start or ('> ' if line.get('quote') else '')}{text}" if text.strip() else text


def _attached(
    files: ImportFiles, entry: Mapping[str, Any], referred: list[tuple[str, str]], media: _Media
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the photos in the order of the words, those without a reference at the end, and what is left behind."""
    records = sorted(dicts_in(entry.get("photos")), key=_order)
    own = [text_in(record.get("identifier")) or text_in(record.get("md5")) for record in records]
    photos: dict[str, None] = {}
    left: list[str] = []
    named = dict.fromkeys(
        [identifier for kind, identifier in referred if not _EMBEDDED.get(kind) and identifier not in media.others]
        + own
    )
    for identifier in named:
        name = media.photos.get(identifier) or files.find_stem(identifier)
        if name is None:
            left.append(A_MISSING_PHOTO)
        elif (other := kind_left_behind(files, name)) is not None:
            left.append(other)
        else:
            photos[name] = None
    others = {identifier: called for kind, identifier in referred if (called := _EMBEDDED.get(kind))}
    others |= {identifier: media.others[identifier] for _, identifier in referred if identifier in media.others}
    for key, called in _LISTS.items():
        for number, record in enumerate(dicts_in(entry.get(key)) if called else []):
            others[text_in(record.get("identifier")) or f"{key} {number}"] = called
    return tuple(photos), (*left, *others.values())


def _order(record: Mapping[str, Any]) -> int:
    order = record.get("orderInEntry")
    return order if isinstance(order, int) else 0


FORMAT: Final = JournalFormat("dayone", "Day One", matches, read)
