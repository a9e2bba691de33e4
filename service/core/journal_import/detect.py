"""Which kind of journal a file is, by what is in it; and a sentence for each file that is not a journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from service.core.journal.photos import sniff
from service.core.journal_import.dated import dated_json, dated_text, jrnl
from service.core.journal_import.mail_archive import mail_format
from service.core.journal_import.notes import evernote, google_keep, markdown_folder
from service.core.journal_import.programs import (
    apple_journal,
    day_one_classic,
    daylio,
    dayone,
    diarium,
    diaro,
    journey,
    own_journal,
    rednotebook,
)
from service.core.journal_import.reading.import_files import DamagedFileError, FileBoundError, ImportFiles
from service.core.journal_import.reading.imported import (
    MOST_ITEMS,
    TOO_MANY,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    RefusedFileError,
)
from service.core.journal_import.reading.unread_files import list_unread
from service.core.replies import ClientPhrases

EMPTY: Final = "There’s nothing in this file."
ENCRYPTED: Final = "This file is protected by a password. Export it again without one."
ZIP_IN_ZIP: Final = "There’s another zip inside this zip. Unpack this one, and bring the zip that’s in it."
DAMAGED: Final = "This zip is damaged, so it couldn’t be opened. Export it again, or upload it again."
TOO_MUCH: Final = "This file holds more than can be read at once. Export fewer years at a time."
A_PHOTO: Final = "This is a photo. To add it to a day, send it in reply to an email."
A_DOCUMENT: Final = "This is a document made for printing. Export your journal as JSON, text or Markdown instead."
UNREADABLE: Final = "This file couldn’t be read. Export it again, and upload it again."
UNKNOWN: Final = (
    "No journal was found in this file. Export your journal as JSON if you can, otherwise as text or Markdown."
)
REST_TOO_MUCH: Final = "The rest of the file is more than can be read at once."
REST_DAMAGED: Final = "The file is damaged from here on."
_ZIP: Final = b"PK\x03\x04"
_STARTS: Final = (
    (b"%PDF", A_DOCUMENT),
    (b"{\\rtf", A_DOCUMENT),
    (b"\xd0\xcf\x11\xe0", A_DOCUMENT),
    (b"Salted__", ENCRYPTED),
    (b"gAAAA", ENCRYPTED),
    (b"-----BEGIN PGP MESSAGE", ENCRYPTED),
)
# The most specific first: the last ones match almost any text with a date.
_FORMATS: Final = (
    own_journal.FORMAT,
    dated_json.MINI_DIARY,
    dayone.FORMAT,
    day_one_classic.FORMAT,
    apple_journal.FORMAT,
    journey.FORMAT,
    daylio.CSV,
    daylio.BACKUP,
    diarium.FORMAT,
    diaro.FORMAT,
    evernote.FORMAT,
    google_keep.FORMAT,
    jrnl.JSON,
    dated_json.DIARIUM,
    dated_json.DABBLE_ME_JSON,
    dated_json.TRAILMIX,
    dated_json.JOURNEY_INBOX,
    dated_json.AHHLIFE,
    rednotebook.FORMAT,
    jrnl.TEXT,
    dated_text.SEVEN_FIFTY,
    dated_text.TAB_DATES,
    dated_text.DABBLE_ME,
    dated_text.OHLIFE,
    dated_text.OHLIFE_PHOTOS,
)


def formats(phrases: ClientPhrases) -> tuple[JournalFormat, ...]:
    """Return every format that is read, in the order in which they are tried."""
    return (*_FORMATS, mail_format(phrases), markdown_folder.FORMAT)


def detect(
    files: ImportFiles, phrases: ClientPhrases, failed: Callable[[str, str], None] = lambda _key, _error: None
) -> JournalFormat:
    """Return what kind of journal the upload is.

    A format that fails on the file is passed over, and the others are tried. `failed` gets the key of a format that
    ended in an unexpected error, and the name of the error's class.

    Raises:
        RefusedFileError: no format knows it; the message says what to do.
    """
    if files.is_encrypted:
        raise RefusedFileError(ENCRYPTED)
    reasons: list[str] = []
    for each in formats(phrases):
        try:
            if each.matches(files):
                return each
        except FileBoundError:
            reasons.append(TOO_MUCH)
        except DamagedFileError:
            reasons.append(DAMAGED)
        except (MemoryError, RefusedFileError):
            raise
        except Exception as error:  # noqa: BLE001 - a file may make a parser raise anything
            failed(each.key, type(error).__name__)
    raise RefusedFileError(reasons[0] if reasons else _reason(files))


def read_items(files: ImportFiles, journal: JournalFormat) -> Iterator[ImportItem]:
    """Yield the items of a journal, and then each file of a zip that has words and is in another form.

    Where the file ends early or holds too much, the last item says so.

    Raises:
        RefusedFileError: there are more than any journal has.
    """
    try:
        files.was_read.clear()
        for number, item in enumerate(chain(journal.read(files), list_unread(files, journal))):
            if number >= MOST_ITEMS:
                raise RefusedFileError(TOO_MANY)
            yield item
    except FileBoundError:
        yield LeftOutEntry(files.title, REST_TOO_MUCH)
    except DamagedFileError:
        yield LeftOutEntry(files.title, REST_DAMAGED)


def _reason(files: ImportFiles) -> str:
    names = files.names
    heads = [files.head(name) for name in names[:20]]
    if not any(heads):
        return EMPTY
    if files.is_archive and any(head.startswith(_ZIP) for head in heads):
        return ZIP_IN_ZIP
    if files.is_archive and any(name.lower().endswith(".denc") for name in names):
        return ENCRYPTED
    if not files.is_archive:
        known = next((reason for start, reason in _STARTS if heads[0].startswith(start)), None)
        return known or (A_PHOTO if sniff(heads[0]) else UNKNOWN)
    return UNKNOWN
