"""What becomes of an export whose attempts fail, are interrupted, or are overtaken."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest

from service.flows.outgoing.tick import sweep
from service.flows.people.journal import journal
from service.flows.people.journal_export.journal_exporter import JournalExporter
from service.job_queue import BackgroundJob
from service.models import (
    ExportState,
    Subscriber,
)
from service.models.people.personal_data.journal_export import MOST_FAILURES
from service.storage import StorageError
from tests.harness.journals import exports as harness
from tests.harness.journals.exports import LINK, Taken, ask, export_row, let_go, objects, objects_folder
from tests.harness.website import WebHarness

LONG_AGO, LATE = date(1990, 1, 1), date(2030, 1, 1)
# One database is enough for what pages say. What both must do:
# `tests/flows/people/journal_export/test_journal_export.py`.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in, with a journal."""
    site.join()
    with site.runtime.database.write() as session:
        person = session.get_one(Subscriber, site.person().id)
        harness.fill(site.runtime, session, person, site.clock())
    return site


@pytest.fixture
def exporter(site: WebHarness) -> JournalExporter:
    return site.runtime.journal_exporter()


def test_a_failed_attempt_leaves_nothing_and_the_next_begins_anew(home: WebHarness, exporter: JournalExporter) -> None:
    export_id = ask(home)
    [photo, *_] = objects(home, "photos")
    content = photo.read_bytes()
    photo.unlink()
    with pytest.raises(StorageError):
        exporter.work(export_id)
    assert (objects(home), export_row(home, export_id).state) == ([], ExportState.WAITING)
    assert exporter.work(export_id) == []  # its lease is still held
    photo.write_bytes(content)
    let_go(home, export_id)
    killed = objects_folder(home) / f"{export_id}.1"
    killed.parent.mkdir(exist_ok=True)
    killed.write_bytes(b"half of it, left by a killed worker")
    assert exporter.work(export_id)
    assert [path.name for path in objects(home)] == [f"{export_id}.2"]


def test_a_photo_that_is_lost_for_good_is_named_in_the_end(home: WebHarness, exporter: JournalExporter) -> None:
    export_id = ask(home)
    objects(home, "photos")[0].unlink()
    let_go(home, export_id, failures=3)
    assert exporter.work(export_id)
    link = LINK.search(home.get("/export").text)
    assert link is not None
    taken = Taken(home.get(link[1]).data)
    assert re.search(r"- a photo from \w+ \d+ \w+ 2026", taken.text("README.txt"))
    named = [path for entry in json.loads(taken.text("journal.json"))["entries"] for path in entry["photos"]]
    assert set(named) == {name for name in taken.names if name.startswith("photos/")}
    assert len(named) == 1


def test_an_export_that_never_succeeds_ends_and_says_so(home: WebHarness, exporter: JournalExporter) -> None:
    export_id = ask(home)
    let_go(home, export_id, failures=MOST_FAILURES)
    assert exporter.work(export_id) == []
    page = home.get("/export").text
    assert "That didn’t work" in page
    assert "Make the file" in page


def test_a_worker_that_ends_or_lost_its_claim_leaves_nothing(home: WebHarness, exporter: JournalExporter) -> None:
    export_id = ask(home)
    with home.runtime.database.write() as session:
        person = session.get_one(Subscriber, home.person().id)
        for number in range(60):
            new = journal.NewEntry(words=f"Line {number}.", written_on=date(2026, 5, 3), source="page")
            journal.add_entry(session, home.runtime.keyring, person, new, home.clock())
    home.runtime.journal_exporter(stopping=lambda: True).work(export_id)
    assert (objects(home), export_row(home, export_id).failures) == ([], 0)
    assert home.queue.background.pop(BackgroundJob.EXPORTS) == [export_id]
    claimed = exporter._claim(export_id)
    assert claimed is not None
    let_go(home, export_id)
    assert exporter.work(export_id)
    [stored] = objects(home)
    assert exporter._conclude(claimed, 1) == []
    assert objects(home) == [stored]
    assert export_row(home, export_id).stored_as == f"exports/{stored.name}"


def test_an_export_whose_job_was_lost_is_found_again(home: WebHarness) -> None:
    export_id = ask(home)
    sweep(home.runtime.database, home.queue, now=home.clock() + timedelta(minutes=1))
    assert home.queue.background[BackgroundJob.EXPORTS] == [export_id]
