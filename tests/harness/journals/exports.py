"""A journal with all that an export holds, and the export of it, opened."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from service.core.journal.photos import Picture
from service.core.journal.steps import StepState
from service.core.replies.values import TrimmedPiece
from service.db import random_id
from service.flows.people.journal import journal, steps
from service.flows.people.journal.journal import NewEntry
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal_export import exports
from service.flows.people.journal_export.export_order import ExportOrder
from service.flows.people.journal_export.journal_exporter import JournalExporter
from service.job_queue import BackgroundJob
from service.mail.sandbox.redraw import redraw
from service.models import Entry, ExportForm, JournalExport, Outcome, Reply, Subscriber
from service.runtime import Runtime
from tests.harness.journals.journals import photo
from tests.harness.website import WebHarness

LINK = re.compile(r'href="(/export/\d+/journal\.zip)"')
WORDS = (
    "The kettle sang & <b>hissed</b>.",
    "* a list?\n    and code\n# no heading",
    "שלום, مرحبا, 日本, 👩‍👩‍👧",
    "Tab\there, a back\\slash and ```\nfences\n```",
)


@dataclass(frozen=True)
class Taken:
    """An export, opened."""

    data: bytes

    @property
    def zip(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self.data))

    @property
    def names(self) -> set[str]:
        return set(self.zip.namelist())

    def text(self, name: str) -> str:
        return self.zip.read(name).decode()

    def is_whole(self) -> bool:
        """Return whether the manifest names every file, with its SHA-256 and size."""
        listed = json.loads(self.text("manifest.json"))["files"]
        found = {
            name: {"sha256": hashlib.sha256(self.zip.read(name)).hexdigest(), "bytes": self.zip.getinfo(name).file_size}
            for name in self.names - {"manifest.json"}
        }
        return self.zip.testzip() is None and listed == found


def fill(runtime: Runtime, session: Session, person: Subscriber, now: datetime) -> list[Entry]:
    """Give a person entries with odd words, two photos, a small step and a mail that is still kept."""
    prompt = runtime.library.first_six("en-GB")[0].id
    rows = []
    for number, words in enumerate(WORDS):
        on = date(2026, 3 + number // 2, 30 - number)
        new = NewEntry(words=words, written_on=on, source="page", prompt_id=prompt if number == 1 else None)
        rows.append(journal.add_entry(session, runtime.keyring, person, new, now - timedelta(days=40 - number)))
    rows[0].is_kept_out, rows[1].changed_at = True, now - timedelta(days=1)
    trimmed = [TrimmedPiece("signature", "-- \nAna of the mill", 1)]
    new = NewEntry(words="", written_on=date(2026, 5, 1), source="reply", trimmed=trimmed)
    rows.append(journal.add_entry(session, runtime.keyring, person, new, now - timedelta(days=3)))
    for colour in ("teal", "red"):
        data = redraw(photo(colour)).data
        mac = entry_photos.content_mac(runtime.keyring, person, data)
        kept = entry_photos.store(runtime.keyring, runtime.storage, person, Picture("image/jpeg", 64, 48, data), mac)
        entry_photos.keep(session, rows[4] if colour == "teal" else rows[0], [kept], now)
    step = steps.choose(session, runtime.keyring, person, "Open a window.", now=now)
    steps.answer(session, person, step, StepState.TAKEN, now)
    session.flush()
    return rows


def give_mail(runtime: Runtime, session: Session, person: Subscriber, post: tuple[str, bytes], now: datetime) -> None:
    """Keep the raw form of a mail of theirs, as `InboundStore` does once its outcome is final."""
    content_type, body = post
    head, reply_id = content_type.encode(), random_id()
    sealed = runtime.keyring.key_of(person).seal(
        len(head).to_bytes(2, "big") + head + body, place=f"replies.raw:{reply_id}", random=os.urandom
    )
    session.add(
        Reply(
            id=reply_id,
            received_at=now,
            recipient_hash=os.urandom(32),
            message_id_hash=b"i" * 32,
            content_hash=b"c" * 32,
            sealed_raw=sealed,
            subscriber_id=person.id,
            outcome=Outcome.ENTRY,
        )
    )
    session.flush()


def written(runtime: Runtime, person: Subscriber, form: ExportForm = ExportForm.OWN) -> Taken:
    """Write an export of a person's journal, as the command does."""
    out = io.BytesIO()
    write(runtime, person, form, out.write)
    return Taken(out.getvalue())


def write(runtime: Runtime, person: Subscriber, form: ExportForm, to: Callable[[bytes], object]) -> None:
    """Write an export of a person's journal, piece by piece."""
    runtime.journal_file_writer().write(ExportOrder(person, form, runtime.clock(), to))


def fetched(runtime: Runtime, person: Subscriber, row: JournalExport) -> Taken:
    """Read a finished export from the object store."""
    return Taken(exports.open_file(runtime.storage, runtime.keyring.key_of(person), row).read() or b"")


def ask(home: WebHarness, form: ExportForm = ExportForm.OWN) -> int:
    """Ask for an export; return its id, whose job is enqueued."""
    assert home.post("/export", {"form": form.value}).status_code == 303
    [export_id] = home.queue.background.pop(BackgroundJob.EXPORTS)
    return export_id


def export_row(home: WebHarness, export_id: int) -> JournalExport:
    with home.runtime.database.read() as session:
        return session.get_one(JournalExport, export_id)


def objects_folder(home: WebHarness, folder: str = "exports") -> Path:
    return Path(home.runtime.settings.storage_url.removeprefix("file://")) / folder


def objects(home: WebHarness, folder: str = "exports") -> list[Path]:
    root = objects_folder(home, folder)
    return sorted(root.iterdir()) if root.exists() else []


def download(home: WebHarness, exporter: JournalExporter, form: ExportForm = ExportForm.OWN) -> Taken:
    exporter.work(ask(home, form))
    link = LINK.search(home.get("/export").text)
    assert link is not None
    return Taken(home.get(link[1]).data)


def let_go(home: WebHarness, export_id: int, *, failures: int | None = None) -> None:
    """Let the lease of an attempt lapse."""
    with home.runtime.database.write() as session:
        found = session.get_one(JournalExport, export_id)
        found.lease_until = None
        found.failures = found.failures if failures is None else failures
