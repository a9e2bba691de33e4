"""Journal files of other services, made from tests/data/journals: folders become zips, and photos are drawn here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from service.core.journal_import.detect import detect, read_items
from service.core.journal_import.reading.import_files import ImportFiles
from service.core.journal_import.reading.imported import ImportedEntry, ImportItem, LeftOutEntry
from service.core.journal_import.reading.local_days import with_local_days
from service.mail.sandbox.phrase_files import load_client_phrases
from tests.harness.mail.pictures import encoded, picture

JOURNALS = Path(__file__).parents[2] / "data" / "journals"
LONDON = ZoneInfo("Europe/London")
# Photos of the folders by their path; their content is drawn, so that none is in the repository.
PHOTOS = {
    "day_one": ("photos/5d41402abc4b2a76b9719d911017c592.jpeg", "photos/no_real_md5.heic"),
    "day_one_classic": (f"Journal.dayone/photos/{'A' * 32}.jpg",),
    "apple": ("AppleJournalEntries/Resources/0A1B.jpeg", "AppleJournalEntries/Resources/map.jpeg"),
    "journey": ("1714600000000-3fd0a1b2c3d4e5f6-aa.jpg",),
    "obsidian": ("Vault/attachments/crocus.png", "Vault/images/my cup.png"),
    "logseq": ("graph/assets/cup.png",),
    "daylio_backup": ("assets/photos/2024/5/c0ffee",),
    "ohlife": ("img_2012-03-05-0.jpg", "img_2012-03-09-0.png"),
    "diaro": ("media/photo/photo_1.jpg",),
    "rednotebook": ("data/pictures/my cup.jpg",),
    "small_steps": ("photos/2026-05-13-1.jpg",),
}


@cache
def photo(colour: str = "teal") -> bytes:
    return encoded(picture((64, 48), colour))


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def journal(name: str, **more: bytes) -> bytes:
    """Return a journal file: a file of tests/data/journals, or the zip of a folder there with its photos."""
    path = JOURNALS / name
    if path.is_file():
        return path.read_bytes()
    found = {each.relative_to(path).as_posix(): each.read_bytes() for each in sorted(path.rglob("*")) if each.is_file()}
    return zipped({**found, **{member: photo() for member in PHOTOS.get(name, ())}, **more})


def read_journal(data: bytes, title: str = "upload") -> tuple[str, list[ImportItem]]:
    """Return the key of a journal's format and its items."""
    files = ImportFiles(io.BytesIO(data), title)
    found = detect(files, load_client_phrases())
    return found.key, [*with_local_days(read_items(files, found), LONDON)]


def entries_in(items: list[ImportItem]) -> list[ImportedEntry]:
    return [item for item in items if isinstance(item, ImportedEntry)]


def left_out_in(items: list[ImportItem]) -> list[LeftOutEntry]:
    return [item for item in items if isinstance(item, LeftOutEntry)]
