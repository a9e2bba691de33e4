"""How long an export, an import and a book take, and how much memory, beside a bare zip and decode of the same bytes.

    python -m bench.yours [--entries 5000] [--photos 200] [--photo-bytes 3000000] [--photo-width 4032]
        [--book-entries 1000] [--book-photos 100] [--seed 1]

The job of the export is run as the worker runs it, on SQLite and with the object store on disk: read, opened, zipped,
sealed, stored. The bare zip writes the files of that export again, compressed in the same way, and throws them away.
Times are of the clock and CPU seconds of this process; memory is its highest resident size meanwhile, and what it was
before.

The import is of as many entries and photos in Day One's form, the photos as a phone takes them: uploaded, previewed and
brought in by the job, each photo redrawn in a child. Beside it stands how long the same photos take to be decoded. The
ratios are of CPU seconds, those of children included.

The book is a PDF and an EPUB of another journal, whose photos have 2,048 by 1,536 pixels; beside it stands how long
those photos take to be decoded. The PDF is set in a child, whose time and memory are given apart.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import random
import resource
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BufferedReader
from pathlib import Path

from PIL import Image

from bench.spent import MEGABYTE, timed
from bench.yours_import import measure_import
from service.core.journal.photos import Picture
from service.core.journal_export.book_period import WHOLE_JOURNAL
from service.db import Database, migrate
from service.flows.people.journal import journal
from service.flows.people.journal.journal import NewEntry
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal_export import exports
from service.flows.people.journal_export.export_order import ExportOrder
from service.models import ExportForm, JournalExport, JournalSize, Subscriber
from service.runtime import Runtime
from tests.harness.sending import open_sending_harness

NOW = datetime(2026, 5, 6, 7, 0, tzinfo=UTC)
WORDS = (
    "tea",
    "rain",
    "lilac",
    "step",
    "quiet",
    "kettle",
    "naïve",
    "café",
    "été",
    "Straße",
    "müde",
    "später",
    "niño",
    "שלום",
    "مرحبا",
    "क्षत्रिय",
    "日本",
    "👩‍👩‍👧",
)
FIRST = date(2020, 1, 1)
WORDS_AN_ENTRY = 150
PICTURE_SIZE = (2048, 1536)
CHUNK_BYTES = 1024 * 1024


def main() -> None:
    """Print the figures."""
    options = _options()
    print(f"{date.today()}, Python {platform.python_version()}, {os.cpu_count()} cores, seed {options.seed}")  # noqa: DTZ011
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        migrate(Database.at(url).engine)
        with open_sending_harness(url, Path(folder), redis_url="redis://127.0.0.1:1") as harness:
            runtime = harness.runtime
            person, author, importer = harness.members("ana@example.com", "ben@example.com", "cem@example.com")
            chance = random.Random(options.seed)  # noqa: S311 - a benchmark
            noise = (chance.randbytes(options.photo_bytes) for _ in range(options.photos))
            entries, photos = options.entries, options.photos
            _fill(runtime, person.id, entries=entries, photos=photos, pictures=noise, chance=chance)
            _measure(runtime, person.id, options)
            measure_import(runtime, importer, options)
            pictures = [_picture()] * options.book_photos
            entries, photos = options.book_entries, options.book_photos
            _fill(runtime, author.id, entries=entries, photos=photos, pictures=iter(pictures), chance=chance)
            _measure_books(runtime, author, pictures, options)


def _measure(runtime: Runtime, person_id: int, options: argparse.Namespace) -> None:
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, person_id)
        row = exports.ask(session, person, ExportForm.OWN, NOW)
        assert row is not None
    with timed() as export:
        runtime.journal_exporter().work(row.id)
    with runtime.database.read() as session:
        row = session.get_one(JournalExport, row.id)
        key = runtime.keyring.key_of(session.get_one(Subscriber, person_id))
    with timed() as bare:
        _bare_zip(zipfile.ZipFile(BufferedReader(exports.open_file(runtime.storage, key, row), CHUNK_BYTES)))
    print(f"{options.entries} entries, {options.photos} photos: {row.size_bytes / MEGABYTE:.0f} MB")
    print(f"export    {export.wall:7.1f} s   {export.cpu:7.1f} s of CPU   {export.memory_in_words}")
    print(f"bare zip  {bare.wall:7.1f} s   {bare.cpu:7.1f} s of CPU")
    print(f"ratio     {export.cpu / bare.cpu:7.1f}")


def _measure_books(runtime: Runtime, author: Subscriber, pictures: list[bytes], options: argparse.Namespace) -> None:
    print(f"book of {options.book_entries} entries, {options.book_photos} photos")
    for form in (ExportForm.EPUB, ExportForm.PDF):
        content = io.BytesIO()
        with timed() as book:
            runtime.journal_file_writer().write(ExportOrder(author, form, NOW, content.write))
        size = content.tell() / MEGABYTE
        print(f"{form:9} {book.wall:7.1f} s   {book.cpu:7.1f} s of CPU   {size:.0f} MB of file")
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    memory = child.ru_maxrss * 1024 / MEGABYTE
    print(f"its child             {child.ru_utime + child.ru_stime:7.1f} s of CPU   {memory:.0f} MB at most")
    with timed() as decoding:
        for picture in pictures:
            Image.open(io.BytesIO(picture)).load()
    print(f"decoding  {decoding.wall:7.1f} s   {decoding.cpu:7.1f} s of CPU")


def _picture() -> bytes:
    """Return a JPEG as the service keeps photos, with some grain."""
    out = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise(PICTURE_SIZE, grain) for grain in (10, 20, 30)]).save(
        out, "JPEG", quality=85
    )
    return out.getvalue()


class _Nothing:
    """A file that throws away what is written."""

    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None:
        """Do nothing."""


def _bare_zip(found: zipfile.ZipFile) -> None:
    with zipfile.ZipFile(_Nothing(), "w") as bare:  # type: ignore[call-overload]  # it needs no more of a file
        for info in found.infolist():
            bare.writestr(info, found.read(info))


def _fill(
    runtime: Runtime, person_id: int, *, entries: int, photos: int, pictures: Iterator[bytes], chance: random.Random
) -> None:
    every = max(1, entries // max(1, photos))
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, person_id)
        for number in range(entries):
            words = " ".join(chance.choices(WORDS, k=WORDS_AN_ENTRY))
            new = NewEntry(words=words, written_on=FIRST + timedelta(days=number // 3), source="page")
            entry = journal.add_entry(session, runtime.keyring, person, new, NOW)
            if number % every == 0 and number // every < photos:
                picture = Picture("image/jpeg", *PICTURE_SIZE, next(pictures))
                mac = number.to_bytes(32)
                stored = entry_photos.store(runtime.keyring, runtime.storage, person, picture, mac)
                entry_photos.keep(session, entry, [stored], NOW)
        session.flush()
        assert JournalSize.of(session, person_id, WHOLE_JOURNAL).photos == min(photos, entries)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=5000)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--photo-bytes", type=int, default=3_000_000)
    parser.add_argument("--photo-width", type=int, default=4032, help="of an imported photo; its height is 3/4 of it")
    parser.add_argument("--book-entries", type=int, default=1000)
    parser.add_argument("--book-photos", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
