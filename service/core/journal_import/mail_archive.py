"""Replies to a mail journal, as a mail program keeps them: single mails (.eml) and mailboxes (mbox, RFC 4155)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from datetime import datetime, time
from email.utils import parsedate_to_datetime
from functools import partial
from typing import BinaryIO, Final

from service.core.journal.photos import is_machinery, sniff
from service.core.journal_import.answered_senders import AnsweredSenders
from service.core.journal_import.reading.import_files import DamagedFileError, FileBoundError, ImportFiles
from service.core.journal_import.reading.imported import (
    A_DOCUMENT,
    NO_DATE,
    TOO_LARGE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
)
from service.core.journal_import.reading.local_days import at_local, first_day_in, time_in
from service.core.replies import Bodies, ClientPhrases, decode_bodies, read_words

BY_A_PROGRAM: Final = "A program sent it, so it isn’t yours."
BY_THE_SERVICE: Final = "It’s from the address that you answered, so it isn’t yours."
NO_WORDS: Final = "There were no words of yours in it."
LARGEST_MAIL_BYTES: Final = 40 * 1024 * 1024
LARGEST_BODY_CHARACTERS: Final = 4 * 1024 * 1024  # reading a text takes about ten times its size in memory
LARGEST_SMALL_PICTURE: Final = 5_000
_MBOX_START: Final = re.compile(rb"From \S+.*\d{4}")
_APPLE_COUNT: Final = re.compile(rb"(\d{1,9})[ \t]*\r?\n")  # of bytes, in an .emlx
_MBOX_LINE: Final = re.compile(rb"From \S+ +[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}(?::\d{2})? .*\d{4}")
_HEADER: Final = re.compile(rb"[!-9;-~]{1,60}:[ \t]?\S")
_MAIL_HEADERS: Final = re.compile(
    rb"^(?:from|date|received|message-id|return-path|delivered-to|mime-version):", re.IGNORECASE | re.MULTILINE
)
_QUOTED_FROM: Final = re.compile(rb"^>(>*From )", re.MULTILINE)
_BULK: Final = frozenset({"bulk", "list", "junk"})
_AT: Final = "\n"  # in the name of no file; between a mailbox, a place in it, and the number of a picture


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is a mail or a mailbox."""
    return any(True for _ in files.texts_like(_is_mail, most=20))


def read(files: ImportFiles, phrases: ClientPhrases) -> Iterator[ImportItem]:
    """Yield what a person wrote in each mail, read as incoming mail is; what they answered is the service's."""
    answered = AnsweredSenders()
    for _, _, raw in _all_mails(files):
        answered.note(raw or b"")
    for name, start, raw in _all_mails(files):
        place = name if start < 0 else f"{name}, mail at byte {start}"
        item = _entry(place, f"{name}{_AT}{start}", raw, phrases)
        if raw is not None and isinstance(item, ImportedEntry) and answered.covers(raw):
            item = LeftOutEntry(place, BY_THE_SERVICE, str(item.on), item.words)
        yield item


def _all_mails(files: ImportFiles) -> Iterator[tuple[str, int, bytes | None]]:
    for name in files.texts_like(_is_mail, most=len(files.names)):
        for start, raw in _mails(files, name):
            yield name, start, raw


def photo(files: ImportFiles, reference: str) -> bytes:
    """Return a picture of a mail."""
    name, start, number = reference.split(_AT)
    raw = next((raw for at, raw in _mails(files, name, int(start)) if at == int(start)), None)
    attachments = decode_bodies(raw or b"").attachments
    if int(number) >= len(attachments):
        raise DamagedFileError
    return attachments[int(number)].data


def mail_format(phrases: ClientPhrases) -> JournalFormat:
    """Return the format of mail, which is read with the phrases of mail programs."""
    return JournalFormat("mail", "Emails", matches, partial(read, phrases=phrases), photo)


def _is_mail(start: bytes) -> bool:
    if _MBOX_START.match(start):
        return True
    start = start[count.end() :] if (count := _APPLE_COUNT.match(start)) else start
    head = start.partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]
    return _HEADER.match(start) is not None and len(set(_MAIL_HEADERS.findall(head.lower()))) > 1


def _mails(files: ImportFiles, name: str, start: int = 0) -> Iterator[tuple[int, bytes | None]]:
    """Yield the mails of a file with where each begins (-1 in a file of one mail); None for one that is too large."""
    if _MBOX_START.match(files.head(name).lstrip()):
        with files.open(name) as file:
            _skip(file, start)
            yield from _mails_of_box(file, start)
        return
    try:
        yield -1, _bare(files.read_bytes(name, LARGEST_MAIL_BYTES))
    except FileBoundError:
        yield -1, None


def _bare(raw: bytes) -> bytes:
    """Return a mail without a byte order mark before it, and without the count and list around one of Apple Mail."""
    raw = raw.removeprefix(codecs.BOM_UTF8).lstrip()
    if (count := _APPLE_COUNT.match(raw)) is None:
        return raw
    return raw[count.end() : count.end() + int(count[1])]


def _mails_of_box(file: BinaryIO, at: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield the mails of a mailbox, the first of which begins at byte `at`.

    "From " begins a mail after a blank line, with a year at its end, or with a whole date: in a text it may stand
    anywhere. A header follows it.
    """
    began, size, is_after_blank = at, 0, True
    lines: list[bytes] = []
    following = file.readline(LARGEST_MAIL_BYTES)
    while line := following:
        following = file.readline(LARGEST_MAIL_BYTES)
        is_start = (is_after_blank and _MBOX_START.match(line)) or _MBOX_LINE.match(line)
        if is_start and (_HEADER.match(following) or following.startswith(b">From ")):
            if size:
                yield began, _unquoted(lines, size)
            lines, size, began = [], 0, at
        else:
            size += len(line)
            lines += [line] if size <= LARGEST_MAIL_BYTES else []
        is_after_blank = not line.strip()
        at += len(line)
    if size:
        yield began, _unquoted(lines, size)


def _skip(file: BinaryIO, count: int) -> None:
    while count > 0:
        count -= len(file.read(min(count, 1 << 18))) or count


def _unquoted(lines: list[bytes], size: int) -> bytes | None:
    """Return a mail with the lines that mboxrd quotes as they were."""
    return _QUOTED_FROM.sub(rb"\1", b"".join(lines)) if size <= LARGEST_MAIL_BYTES else None


def _entry(place: str, reference: str, raw: bytes | None, phrases: ClientPhrases) -> ImportItem:
    if raw is None:
        return LeftOutEntry(place, TOO_LARGE_ENTRY)
    bodies = decode_bodies(raw)
    dated = _header(bodies, "date")
    if _is_by_program(bodies):
        return LeftOutEntry(place, BY_A_PROGRAM, dated)
    if max(len(bodies.plain or ""), len(bodies.html or "")) > LARGEST_BODY_CHARACTERS:
        return LeftOutEntry(place, TOO_LARGE_ENTRY, dated)
    words = read_words(bodies.plain, bodies.html, None, phrases)
    photos, left = _pictures(bodies, reference)
    text = (words.text + words.over).strip()
    at = _instant(dated)
    if at is None:
        return LeftOutEntry(place, NO_DATE, dated, text)
    if not text and not photos:
        return LeftOutEntry(place, NO_WORDS, dated, "\n\n".join(piece.text for piece in words.trimmed))
    return ImportedEntry(
        place=place,
        words=text,
        on=at.date(),
        at=at if at.tzinfo is not None else None,
        photos=photos,
        source_id=_header(bodies, "message-id"),
        left_behind=left,
    )


def _header(bodies: Bodies, name: str) -> str:
    return next(iter(bodies.headers.get(name, ())), "").strip()


def _is_by_program(bodies: Bodies) -> bool:
    automatic = _header(bodies, "auto-submitted").lower()
    return bool(
        (automatic and not automatic.startswith("no"))
        or _header(bodies, "list-unsubscribe")
        or _header(bodies, "precedence").lower() in _BULK
    )


def _pictures(bodies: Bodies, reference: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    photos: list[str] = []
    left: list[str] = []
    for number, file in enumerate(bodies.attachments):
        if not sniff(file.data):
            left += [] if is_machinery(file.content_type) else [A_DOCUMENT]
        elif not file.content_id or len(file.data) >= LARGEST_SMALL_PICTURE:
            photos.append(f"{reference}{_AT}{number}")
    return tuple(photos), tuple(left)


def _instant(written: str) -> datetime | None:
    try:
        return parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        on = first_day_in(written)  # as some programs wrote: ISO
        return at_local(on, time_in(written[10:]) or time()) if on else None
