"""How long the import of a journal in Day One's form takes, beside a bare decode of its photos."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from PIL import Image

from bench.spent import MEGABYTE, timed
from service.flows.people.journal_import import imports
from service.flows.people.journal_import.import_upload import ImportUploads, add
from service.models import ImportState, JournalImport, Subscriber
from service.runtime import Runtime

PIECE_BYTES = 64 * 1024
WORDS_AN_ENTRY = 150
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FIRST = datetime(2020, 1, 1, 12, tzinfo=UTC)


def measure_import(runtime: Runtime, person: Subscriber, options: argparse.Namespace) -> None:
    """Print how long a journal takes to be uploaded, previewed and brought in."""
    with tempfile.TemporaryFile() as file:
        picture = _photo(options.photo_width, options.photo_bytes, options.seed)
        _write_journal(file, picture, options)
        size = file.tell() / MEGABYTE
        file.seek(0)
        with timed() as upload:
            import_id = _upload(runtime, person, file)
        with timed() as preview:
            state = _work(runtime, import_id, ImportState.UPLOADED)
        assert state == ImportState.READY, state
        with runtime.database.write() as session:
            row = session.get_one(JournalImport, import_id)
            assert imports.start(row, runtime.clock(), wants_digests=False, wants_changed=False)
        with timed() as bring:
            state = _work(runtime, import_id, ImportState.IMPORTING)
        assert state == ImportState.DONE, state
    with runtime.database.read() as session:
        row = session.get_one(JournalImport, import_id)
    assert (row.brought, row.photos) == (options.entries, options.photos)
    with timed() as bare:
        for _ in range(options.photos):
            Image.open(io.BytesIO(picture)).load()
    print(f"import of {options.entries} entries, {options.photos} photos: {size:.0f} MB")
    parts = (("upload", upload), ("preview", preview), ("import", bring))
    for name, spent in (*parts, ("bare decode", bare)):
        cpu = f"{spent.cpu:7.1f} s of CPU and {spent.child_cpu:.1f} s of its children"
        print(f"{name:11} {spent.wall:7.1f} s   {cpu}   {spent.memory_in_words}")
    wall = sum(spent.wall for _, spent in parts)
    cpu_seconds = sum(spent.cpu + spent.child_cpu for _, spent in parts)
    print(f"together    {wall:7.1f} s   {cpu_seconds:7.1f} s of CPU of all processes")
    print(f"ratio       {cpu_seconds / max(bare.cpu, 0.001):7.1f}")


def _upload(runtime: Runtime, person: Subscriber, file: BinaryIO) -> int:
    pieces: Iterator[bytes] = iter(lambda: file.read(PIECE_BYTES), b"")
    stored = ImportUploads(runtime.keyring, runtime.storage).receive(person, pieces)
    with runtime.database.write() as session:
        row, _ = add(session, runtime.keyring, person, stored, "journal.zip", now=runtime.clock())
        return row.id


def _work(runtime: Runtime, import_id: int, under_way: ImportState) -> str:
    """Do the jobs of an import until its state is another one; return that."""
    importer = runtime.journal_importer()
    while True:
        importer.work(import_id)
        with runtime.database.read() as session:
            state = session.get_one(JournalImport, import_id).state
        if state != under_way:
            return state


def _photo(width: int, size: int, seed: int) -> bytes:
    """Return a JPEG of this width that has about so many bytes: soft shapes, with some grain."""
    chance = random.Random(seed)  # noqa: S311 - a benchmark
    grain = 4.0
    data = b""
    for _ in range(6):
        small = Image.frombytes("RGB", (16, 12), chance.randbytes(16 * 12 * 3)).resize((width, width * 3 // 4))
        noise = Image.effect_noise(small.size, grain)
        out = io.BytesIO()
        Image.blend(small, Image.merge("RGB", [noise] * 3), 0.3).save(out, "JPEG", quality=90)
        data = out.getvalue()
        if 0.8 < len(data) / size < 1.2:  # noqa: PLR2004 - near enough
            break
        grain *= size / len(data)
    return data


def _write_journal(file: BinaryIO, picture: bytes, options: argparse.Namespace) -> None:
    chance = random.Random(options.seed)  # noqa: S311 - a benchmark
    every = max(1, options.entries // max(1, options.photos))
    entries = []
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(options.entries):
            words = " ".join("".join(chance.choices(LETTERS, k=5)) for _ in range(WORDS_AN_ENTRY))
            entry: dict[str, object] = {
                "uuid": f"{number:032X}",
                "creationDate": f"{FIRST + timedelta(hours=8 * number):%Y-%m-%dT%H:%M:%SZ}",
                "timeZone": "Europe/London",
                "text": words,
            }
            if number % every == 0 and number // every < options.photos:
                data = picture + number.to_bytes(4, "big")  # what follows the end of a JPEG is ignored
                md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
                archive.writestr(f"photos/{md5}.jpeg", data)
                entry["photos"] = [{"identifier": f"{number:032X}", "md5": md5, "type": "jpeg"}]
            entries.append(entry)
        archive.writestr("Journal.json", json.dumps({"metadata": {"version": "1.0"}, "entries": entries}))
