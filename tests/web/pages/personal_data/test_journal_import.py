"""Bringing in a journal, through its pages and its job."""

from __future__ import annotations

import io
import json
import re
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.flows.outgoing.tick import prune
from service.flows.people.journal import journal
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal_import.imports import may_be_taken_back
from service.flows.people.journal_import.journal_importer import JournalImporter
from service.job_queue import BackgroundJob
from service.models import Delivery, Entry, ImportedEntryRow, ImportLeftover, ImportState, JournalImport, Photo
from service.web.forms.large_uploads import AT_ONCE, place_for_upload
from service.web.security.limits import LARGEST_IMPORT_BYTES
from tests.harness.journals.journals import journal as journal_file
from tests.harness.journals.journals import photo, zipped
from tests.harness.people.people import DAY
from tests.harness.website import WebHarness

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
BOUNDARY = "multipart/form-data; boundary=b"
LONG_AGO, LATE = date(1990, 1, 1), date(2030, 1, 1)
# One database is enough for what pages say. What both must do:
# `tests/flows/people/journal_import/test_journal_import.py`.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


@pytest.fixture
def importer(site: WebHarness) -> JournalImporter:
    return site.runtime.journal_importer()


def bring(home: WebHarness, data: bytes, name: str = "journal.zip") -> TestResponse:
    return home.post("/import", {"journal": (io.BytesIO(data), name)})


def work(home: WebHarness, importer: JournalImporter) -> None:
    """Do the jobs that were enqueued, until none is left."""
    while ids := home.queue.background.pop(BackgroundJob.IMPORTS, []):
        for import_id in ids:
            importer.work(import_id)


def preview(home: WebHarness, importer: JournalImporter, data: bytes, name: str = "journal.zip") -> str:
    """Upload a file and have it read; return the address of its import."""
    sent = bring(home, data, name)
    assert sent.status_code == 303
    work(home, importer)
    return str(sent.location)


def import_whole(
    home: WebHarness, importer: JournalImporter, data: bytes, name: str = "journal.zip", **ticks: str
) -> str:
    """Upload a file and bring all of it in; return the address of its import."""
    at = preview(home, importer, data, name)
    assert home.post(f"{at}/start", dict(ticks), page=at).status_code == 303
    work(home, importer)
    return at


def entries(home: WebHarness) -> list[journal.OpenEntry]:
    person = home.person()
    with home.runtime.database.read() as session:
        return journal.open_entries(home.runtime.keyring, person, Entry.between(session, person.id, LONG_AGO, LATE))


def row(home: WebHarness, at: str) -> JournalImport:
    with home.runtime.database.read() as session:
        return session.get_one(JournalImport, int(at.rpartition("/")[2]))


def sized(length: int) -> dict[str, str]:
    return {"CONTENT_LENGTH": str(length)}


def objects(home: WebHarness, folder: str) -> list[Path]:
    root = Path(home.runtime.settings.storage_url.removeprefix("file://")) / folder
    return sorted(root.iterdir()) if root.exists() else []


def test_a_day_one_journal_is_shown_first_and_then_comes_in_whole(home: WebHarness, importer: JournalImporter) -> None:
    at = preview(home, importer, journal_file("day_one"))
    shown = home.get(at).text
    for said in ("Day One: 7 entries found", "5 entries would come in", "2 May 2024", "2 can’t come in.", "3 photos"):
        assert said in shown
    assert "The kettle sang." in shown
    assert entries(home) == []
    home.post(f"{at}/start", page=at)
    assert "Bringing your journal in" in home.get(at).text
    work(home, importer)
    kept = entries(home)
    assert [str(entry.written_on) for entry in kept] == [
        "2024-05-02",
        "2024-05-02",
        "2024-05-03",
        "2024-05-04",
        "2024-05-07",
    ]
    assert kept[0].words == "The kettle sang. 5-6 birds (small)!\n\n**Bold** and a path C:\\temp"
    assert kept[0].tags == ("home", "tea")
    assert kept[0].created_at.isoformat() == "2024-05-01T23:30:00+00:00"
    with home.runtime.database.read() as session:
        stored = session.scalars(select(Photo)).all()
        opened = entry_photos.open_photo(home.runtime.keyring, home.runtime.storage, home.person(), stored[0])
    assert (len(stored), opened[:3]) == (3, b"\xff\xd8\xff")
    report = home.get(at).text
    for said in (
        "5 entries came in",
        "with 3 photos",
        "2 couldn’t come in",
        "all 7 that we found",
    ):
        assert said in report
    assert "in your journal already" not in report
    words = home.get(f"{at}/left-out.txt").text
    assert "It has no date that could be read.\n\nWords without a day." in words
    assert "It’s in your journal, without a video." in words


def test_nothing_of_a_file_is_in_plain_text_and_nothing_is_left_of_it(
    home: WebHarness, importer: JournalImporter
) -> None:
    sent = bring(home, journal_file("dabble_me.txt"), "my-own-name.txt")
    [stored] = objects(home, "imports")
    assert b"Morning." not in stored.read_bytes()
    work(home, importer)
    at = str(sent.location)
    home.post(f"{at}/start", page=at)
    work(home, importer)
    assert objects(home, "imports") == []
    found = row(home, at)
    assert b"my-own-name" not in found.sealed_title
    assert b"Morning" not in (found.sealed_preview or b"")


@pytest.mark.parametrize("name", ["day_one", "obsidian", "apple", "small_steps", "ohlife", "ahhlife.json"])
def test_a_file_that_comes_twice_adds_nothing(home: WebHarness, importer: JournalImporter, name: str) -> None:
    import_whole(home, importer, journal_file(name))
    before = entries(home)
    assert before
    at = preview(home, importer, journal_file(name))
    assert "No new entry would come in." in home.get(at).text
    assert f"{at}/start" not in home.get(at).text
    assert entries(home) == before


def test_words_that_are_here_already_and_others_of_the_same_day_are_told_apart(
    home: WebHarness, importer: JournalImporter
) -> None:
    at = preview(home, importer, b"2020-01-01\nRain  all day.\n", "a.txt")
    assert re.search(r"<li>1 entry would come in, from (?:\w+,? )?1 January 2020\.</li>", home.get(at).text)
    home.post(f"{at}/start", page=at)
    work(home, importer)
    said = home.get(at).text
    assert "<li>1 entry came in.</li>" in said
    assert not any(words in said for words in ("already", "couldn’t", "Together"))
    at = import_whole(home, importer, b"2020-01-01\nRAIN all day.\n2020-01-01\nSnow.\n", "b.txt")
    assert [entry.words for entry in entries(home)] == ["Rain  all day.", "Snow."]
    assert (row(home, at).brought, row(home, at).already_here) == (1, 1)
    said = home.get(at).text
    assert all(words in said for words in ("1 entry came in.", "1 was in your journal already.", "that’s all 2 that"))


def test_an_entry_with_the_same_id_and_other_words_is_offered_and_not_brought(
    home: WebHarness, importer: JournalImporter
) -> None:
    import_whole(home, importer, journal_file("day_one"))
    entry = {"uuid": "A" * 32, "creationDate": "2024-05-01T23:30:00Z", "timeZone": "UTC", "text": "Other words."}
    changed = json.dumps({"metadata": {"version": "1.0"}, "entries": [entry]}).encode()
    at = preview(home, importer, changed)
    assert "with other words" in home.get(at).text
    home.post(f"{at}/start", page=at)
    work(home, importer)
    assert "Other words." in home.get(f"{at}/left-out.txt").text
    at = import_whole(home, importer, changed, wants_changed="yes")
    assert "Other words." in [entry.words for entry in entries(home)]


def test_a_whole_import_can_be_taken_back_but_for_what_was_changed(home: WebHarness, importer: JournalImporter) -> None:
    home.write("my own words")
    at = import_whole(home, importer, journal_file("day_one"))
    home.clock.now += DAY
    kept = next(entry for entry in entries(home) if entry.words == "No zone of its own.")
    home.post(f"/journal/entry/{kept.id}/edit", {"words": "Edited by hand."})
    assert f'action="{at}/undo"' not in home.get(at).text
    assert "Take this import back?" in home.get(f"{at}/undo").text
    home.post(f"{at}/undo", page=f"{at}/undo")
    work(home, importer)
    assert home.get(f"{at}/undo").location == at
    assert sorted(entry.words for entry in entries(home)) == ["Edited by hand.", "my own words"]
    assert objects(home, "photos") == []
    assert "It’s taken back" in home.get(at).text
    again = import_whole(home, importer, journal_file("dabble_me.txt"))
    assert "/undo" in home.get(again).text
    assert not may_be_taken_back(row(home, again), home.clock() + timedelta(days=31))


def test_an_import_plans_no_email_and_stays_out_of_digests_unless_ticked(
    home: WebHarness, importer: JournalImporter
) -> None:
    def planned() -> int:
        with home.runtime.database.read() as session:
            return len(session.scalars(select(Delivery.id)).all())

    def may_return() -> bool:
        runtime, person, month = home.runtime, home.person(), date(2026, 4, 1)
        with runtime.database.read() as session:
            writers = Entry.writers_between(session, [person.id], month, month + timedelta(days=29))
            digest = runtime.digests().month(session, person, month)
        assert bool(writers) == bool(digest)
        return digest is not None and any("river" in passage.text for passage in digest.passages)

    before, text = planned(), b"2026-04-05\nThe river was high. We walked along it until it was dark.\n"
    at = import_whole(home, importer, text, "a.txt")
    assert planned() == before
    assert not may_return()
    home.post(f"{at}/undo", page=at)
    work(home, importer)
    import_whole(home, importer, text, "a.txt", wants_digests="yes")
    assert may_return()
    assert planned() == before


def test_an_import_that_is_stopped_goes_on_where_it_was(
    home: WebHarness, importer: JournalImporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.flows.people.journal_import.import_chunk.MOST_ITEMS", 2)
    text = "".join(f"2020-01-{day:02}\nDay {day}.\n" for day in range(1, 8)).encode()
    at = preview(home, importer, text)
    home.post(f"{at}/start", page=at)
    stopping = home.runtime.journal_importer(stopping=lambda: True)
    stopping.work(int(at.rpartition("/")[2]))
    assert (row(home, at).position, len(entries(home))) == (2, 2)
    assert row(home, at).state == ImportState.IMPORTING
    assert '<progress max="7" value="2"' in home.get(at).text
    importer.work(int(at.rpartition("/")[2]))
    assert [entry.words for entry in entries(home)] == [f"Day {day}." for day in range(1, 8)]
    assert (row(home, at).state, row(home, at).brought) == (ImportState.DONE, 7)


def test_the_work_of_a_worker_that_lost_its_claim_leaves_nothing(home: WebHarness, importer: JournalImporter) -> None:
    at = preview(home, importer, journal_file("day_one"))
    home.post(f"{at}/start", page=at)
    claimed = importer._claim(int(at.rpartition("/")[2]))
    assert claimed is not None
    with home.runtime.database.write() as session:
        session.get_one(JournalImport, claimed.row.id).attempts += 1
    assert importer._bring(claimed) is False
    assert (entries(home), objects(home, "photos")) == ([], [])


HOSTILE = {
    "no journal": (b"Milk, bread", "No journal was found"),
    "a zip in a zip": (zipped({"a.zip": zipped({"b": b"c"})}), "another zip inside"),
    "half a zip": (zipped({"2020-01-01.md": b"words"})[:-30], "damaged"),
    "nothing": (b"", "nothing in this file"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_file_says_so_and_changes_nothing(home: WebHarness, importer: JournalImporter, name: str) -> None:
    data, said = HOSTILE[name]
    at = preview(home, importer, data)
    page = home.get(at).text
    assert said in page
    assert "Nothing in your journal has changed." in page
    assert (entries(home), objects(home, "imports")) == ([], [])
    home.post(f"{at}/cancel", page=at)
    assert home.get(at).status_code == 404


def test_a_photo_that_is_none_is_named_in_the_report_and_stops_nothing(
    home: WebHarness, importer: JournalImporter
) -> None:
    broken = photo()[:200]
    at = import_whole(
        home, importer, zipped({"2020-01-01.md": b"Words ![](a.jpg) ![](b.jpg)", "a.jpg": broken, "b.jpg": photo()})
    )
    assert row(home, at).photos == 1
    assert "a photo that couldn’t be read" in home.get(at).text


def test_dates_that_no_journal_has_are_left_out_with_their_words(home: WebHarness, importer: JournalImporter) -> None:
    at = import_whole(home, importer, b"2020-01-01\nNow.\n2120-01-01\nLater.\n1750-01-01\nOnce.\n")
    assert [entry.words for entry in entries(home)] == ["Now."]
    text = home.get(f"{at}/left-out.txt").text
    assert "future.\n\nLater." in text
    assert "too long ago to be right.\n\nOnce." in text


def test_a_form_without_a_file_or_a_token_or_whole_body_is_answered_plainly(home: WebHarness) -> None:
    none = home.post("/import", {"journal": (io.BytesIO(b""), "")})
    assert none.status_code == 422
    assert "Choose a file" in none.text
    forged = home.browser.post("/import", data={"csrf_token": "x", "journal": (io.BytesIO(b"2020-01-01\nx"), "a.txt")})
    assert forged.status_code == 400
    token = TOKEN.search(home.get("/import").text)
    assert token is not None
    parts = (f'name="csrf_token"\r\n\r\n{token[1]}', 'name="journal"; filename="a.txt"\r\n\r\n2020')
    cut = "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
    half = home.browser.post("/import", data=cut.encode(), content_type="multipart/form-data; boundary=b")
    assert half.status_code == 400
    assert (objects(home, "imports"), home.queue.background) == ([], {})
    assert home.browser.post("/import", data=b"x", content_type="text/plain").status_code == 400


def test_only_few_very_large_files_arrive_at_once(home: WebHarness) -> None:
    with ExitStack() as others:
        for _ in range(AT_ONCE):
            others.enter_context(home.app.test_request_context(environ_overrides=sized(LARGEST_IMPORT_BYTES)))
            assert others.enter_context(place_for_upload())
        refused = home.browser.post("/import", environ_overrides=sized(LARGEST_IMPORT_BYTES))
        assert (refused.status_code, "in a few minutes" in refused.text) == (503, True)
    too_large = home.browser.post("/import", environ_overrides=sized(LARGEST_IMPORT_BYTES + 1), content_type=BOUNDARY)
    assert (too_large.status_code, "up to 1 GB" in too_large.text) == (413, True)


def test_only_its_owner_sees_an_import(home: WebHarness, importer: JournalImporter) -> None:
    at = preview(home, importer, journal_file("dabble_me.txt"))
    stranger = home.another_browser()
    assert stranger.get(at).status_code == 303
    assert stranger.browser.post("/import", data={"journal": (io.BytesIO(b"x"), "a")}).status_code in {400, 403}
    with home.runtime.database.write() as session:
        session.get_one(JournalImport, int(at.rpartition("/")[2])).subscriber_id = home.person().id
    assert home.get("/import/5").status_code == 404


def test_uploads_that_are_never_imported_go_after_a_day_and_reports_after_thirty(
    home: WebHarness, importer: JournalImporter
) -> None:
    at = import_whole(home, importer, journal_file("day_one"))
    waiting = preview(home, importer, journal_file("dabble_me.txt"))
    prune(home.runtime.database, home.runtime.storage, now=home.clock() + timedelta(days=2))
    assert objects(home, "imports") == []
    assert home.get(waiting).status_code == 404
    assert home.get(f"{at}/left-out.txt").text
    prune(home.runtime.database, home.runtime.storage, now=home.clock() + timedelta(days=31))
    with home.runtime.database.read() as session:
        assert [*ImportLeftover.stream(session, row(home, at).id)] == []
        assert ImportedEntryRow.count_of(session, row(home, at).id) == 5
