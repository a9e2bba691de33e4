"""The files of a zip that the format of the rest does not read: each is listed, so that no words are lost silently."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from service.core.journal_import.reading.import_files import DamagedFileError, FileBoundError, ImportFiles, encoding_of
from service.core.journal_import.reading.imported import JournalFormat, LeftOutEntry
from service.core.journal_import.reading.sqlite_rows import MAGIC

OTHER_FORM: Final = "It’s in another form than the rest. Take it out of the zip, and bring it in by itself."
FORMATTED: Final = "It’s a formatted document. Save it as text or Markdown, and bring that."
MORE_OTHERS: Final = (
    "More files from here on are in another form. Take them out of the zip, and bring them in by themselves."
)
MOST_LISTED: Final = 500
LARGEST_WORDS_BYTES: Final = 2 * 1024 * 1024  # of one file; what is larger is listed without its words
MOST_WORDS_BYTES: Final = 16 * 1024 * 1024  # of all of them
_ZIP: Final = b"PK\x03\x04"
_FORMATTED: Final = (b"{\\rtf", b"%PDF", _ZIP, b"\xd0\xcf\x11\xe0")  # RTF, PDF, Word and OpenDocument
_SAYS_NOTHING: Final = b" \t\r\n{}[],"
_ZIP_ENDINGS: Final = (".docx", ".odt", ".pages")
# What programs keep for themselves; a folder whose name begins with a dot is one of settings or deleted notes.
_LITTER: Final = re.compile(
    r"(?:^|/)(?:\.[^/]+|logseq|_?templates?|node_modules)/"
    r"|(?:^|/)(?:\.[^/]*|README(?:\.\w+)?|LICENSE(?:\.\w+)?|manifest\.json)$"
    r"|\.(?:css|js|map|svg|ico|woff2?|ttf|otf|ini|cfg|conf|edn|plist|log|msf|url|webloc)$",
    re.IGNORECASE,
)


def is_litter(name: str) -> bool:
    """Return whether a program keeps a file of that name for itself: its settings, styles and templates."""
    return _LITTER.search(name) is not None


def is_formatted(head: bytes) -> bool:
    """Return whether a file begins as a document of a word processor, which is not read."""
    return head.startswith(_FORMATTED)


def list_unread(files: ImportFiles, journal: JournalFormat) -> Iterator[LeftOutEntry]:
    """Yield the files that may hold words and were not read; call this when the journal has been read to its end."""
    listed, room = 0, MOST_WORDS_BYTES
    for name in files.texts() if files.is_archive else ():
        if name in files.was_read or is_litter(name) or journal.belongs(files, name):
            continue
        head = files.head(name)
        if not (is_formatted(head) or head.startswith(MAGIC) or _is_text(head)):
            continue
        listed += 1
        if listed > MOST_LISTED:
            yield LeftOutEntry(name, MORE_OTHERS)
            return
        words = _words(files, name, min(room, LARGEST_WORDS_BYTES)) if _is_text(head) else ""
        room -= len(words.encode())
        yield LeftOutEntry(name, _reason(name, head), words=words)


def _reason(name: str, head: bytes) -> str:
    is_document = is_formatted(head) and (not head.startswith(_ZIP) or name.lower().endswith(_ZIP_ENDINGS))
    return FORMATTED if is_document else OTHER_FORM


def _is_text(head: bytes) -> bool:
    """Return whether a file begins as text that is more than white space and signs."""
    return (
        bool(head.strip(_SAYS_NOTHING))
        and (bool(encoding_of(head[:4])) or b"\0" not in head)
        and not is_formatted(head)
    )


def _words(files: ImportFiles, name: str, largest: int) -> str:
    try:
        return files.read_text(name, largest).strip()
    except (FileBoundError, DamagedFileError):
        return ""
