"""Taking a journal away, through its page and its job, and bringing it back."""

from __future__ import annotations

import io
import json
import re
from datetime import date, timedelta

import jsonschema
import pytest
from sqlalchemy import select

from service.config import ROOT
from service.core.sealed_chunks import CHUNK_BYTES
from service.flows.outgoing.tick import prune
from service.flows.people.journal import earlier_wording, entry_drafts, journal, steps
from service.flows.people.journal.drafts import SeenDraft, save_draft
from service.flows.people.journal.photos import entry_photos, photo_changes
from service.flows.people.journal_export.journal_exporter import JournalExporter
from service.models import (
    Delivery,
    DeliveryKind,
    Entry,
    ExportForm,
    ExportState,
    JournalExport,
    Photo,
    Step,
    Subscriber,
)
from tests.harness.journals import exports as harness
from tests.harness.journals.exports import LINK, Taken, ask, download, export_row, objects
from tests.harness.journals.journals import entries_in, read_journal
from tests.harness.mail.posts import mail, post, signed
from tests.harness.people.people import DAY
from tests.harness.website import WebHarness

SCHEMA = json.loads((ROOT / "docs" / "journal.schema.json").read_text("utf-8"))
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


def entries(home: WebHarness) -> list[journal.OpenEntry]:
    person = home.person()
    with home.runtime.database.read() as session:
        return journal.open_entries(home.runtime.keyring, person, Entry.between(session, person.id, LONG_AGO, LATE))


def photos(home: WebHarness) -> list[bytes]:
    runtime, person = home.runtime, home.person()
    with runtime.database.read() as session:
        rows = session.scalars(select(Photo).join(Entry, Entry.id == Photo.entry_id).order_by(Entry.written_on)).all()
    return [entry_photos.open_photo(runtime.keyring, runtime.storage, person, photo) for photo in rows]


def steps_of(home: WebHarness) -> list[tuple[object, ...]]:
    """Return the small steps of the journal."""
    with home.runtime.database.read() as session:
        rows = Step.list_for(session, home.person().id)
        opened = steps.open_steps(home.runtime.keyring, home.person(), rows)
    return [(each.words, each.chosen_on, each.state, each.answered_on) for each in opened]


def test_a_whole_journal_is_asked_for_made_and_fetched(home: WebHarness, exporter: JournalExporter) -> None:
    assert 'href="/export"' in home.get("/settings").text
    export_id = ask(home)
    assert "We’re making your file" in home.get("/export").text
    [email] = exporter.work(export_id)
    page = home.get("/export").text
    assert "It’s here until Wednesday 20 May 2026" in page
    link = LINK.search(page)
    assert link is not None
    got = home.get(link[1])
    assert got.headers["Content-Disposition"] == 'attachment; filename="small-steps-export.zip"'
    assert got.headers["Cache-Control"] == "private, no-store"
    taken = Taken(got.data)
    assert taken.is_whole()
    assert taken.names >= {"README.txt", "index.html", "about-me.json", "journal.json", "manifest.json"}
    assert {name for name in taken.names if name.startswith(("photos/", "journal/"))} == {
        "journal/2026-03.md",
        "journal/2026-04.md",
        "journal/2026-05.md",
        "photos/2026-03-30-1.jpg",
        "photos/2026-05-01-1.jpg",
    }
    assert "![A photo](../photos/2026-03-30-1.jpg)" in taken.text("journal/2026-03.md")
    with home.runtime.database.read() as session:
        built = session.scalars(select(Delivery).where(Delivery.id == email)).one()
        outgoing = home.runtime.email_builder().build(session, built, home.person(), home.clock())
    assert (built.kind, outgoing.email.subject) == (DeliveryKind.EXPORT, "Your journal is ready")
    assert "http://localhost/export" in outgoing.email.text
    assert "kettle" not in outgoing.email.text


def test_the_page_of_an_export_holds_every_word_as_text_and_fetches_nothing(
    home: WebHarness, exporter: JournalExporter
) -> None:
    page = download(home, exporter).text("index.html")
    assert "The kettle sang &amp; &lt;b&gt;hissed&lt;/b&gt;." in page
    assert "<script" not in page
    assert re.findall(r'(?:src|href)="(?!photos/|#)([^"]*)"', page) == []
    assert 'src="photos/2026-03-30-1.jpg"' in page
    assert page.index("March 2026</h2>") < page.index("Monday 30 March") < page.index("April 2026</h2>")


def test_the_page_of_an_export_shows_an_entry_as_the_journal_does(home: WebHarness, exporter: JournalExporter) -> None:
    runtime, now = home.runtime, home.clock()
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, home.person().id)
        photo = session.scalars(select(Photo).order_by(Photo.id)).first()
        assert photo is not None
        entry = session.get_one(Entry, photo.entry_id)
        words = "A *slow* day: <i>tea</i>. #garden"
        earlier_wording.change_words(session, runtime.keyring, person, entry, words=words, now=now)
        photo_changes.describe(runtime.keyring, person, photo, 'The "old" kettle')
    page = download(home, exporter).text("index.html")
    assert "A <em>slow</em> day: &lt;i&gt;tea&lt;/i&gt;. #garden</div>" in page
    assert 'alt="The &#34;old&#34; kettle"' in page
    assert '<p class="small muted">#garden</p>' in page


def test_what_is_known_besides_the_words_is_in_it(home: WebHarness, exporter: JournalExporter) -> None:
    about = json.loads(download(home, exporter).text("about-me.json"))
    assert (about["address"], about["status"]) == ("ana@example.com", "active")
    assert about["settings"]["time_zone"] == "Europe/London"
    assert [line["to"] for line in about["consents"]]
    assert len(about["browsers"]) == 1


def test_drafts_and_the_wording_before_a_change_are_in_it(home: WebHarness, exporter: JournalExporter) -> None:
    runtime, now = home.runtime, home.clock()
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, home.person().id)
        seen = SeenDraft(date(2026, 5, 12), "")
        save_draft(session, runtime.keyring, person, date(2026, 5, 12), words="Half a though", seen=seen, now=now)
        [_, entry, *_] = Entry.between(session, person.id, LONG_AGO, LATE)
        earlier_wording.change_words(session, runtime.keyring, person, entry, words="Other words.", now=now)
        entry_drafts.save_draft(session, runtime.keyring, person, entry, words="Other wo", seen="", now=now)
        [photo] = Photo.list_for_entries(session, person.id, [entry.id])
        photo_changes.describe(runtime.keyring, person, photo, "The mill in snow")
    written = json.loads(download(home, exporter).text("journal.json"))
    jsonschema.Draft202012Validator(SCHEMA).validate(written)
    assert [(each["on"], each["words"]) for each in written["drafts"]] == [("2026-05-12", "Half a though")]
    assert written["entries"][1]["words"] == "Other words."
    assert written["entries"][1]["earlier_words"] == harness.WORDS[0]
    assert [each["draft_words"] for each in written["entries"][:2]] == [None, "Other wo"]
    assert written["entries"][1]["photo_descriptions"] == ["The mill in snow"]


def test_an_export_comes_back_to_another_journal_whole(home: WebHarness, exporter: JournalExporter) -> None:
    before, pictures, before_steps = entries(home), photos(home), steps_of(home)
    taken = download(home, exporter)
    written = json.loads(taken.text("journal.json"))["steps"]
    assert [(step["words"], step["state"]) for step in written] == [("Open a window.", "taken")]
    [left_out] = [entry["left_out"] for entry in json.loads(taken.text("journal.json"))["entries"] if entry["left_out"]]
    assert left_out == [{"words": "-- \nAna of the mill", "why": "signature", "line": 1}]
    with home.runtime.database.write() as session:
        for entry in session.scalars(select(Entry)):
            session.delete(entry)
        for step in session.scalars(select(Step)):
            session.delete(step)
    for _ in range(2):  # the second time nothing changes
        sent = home.post("/import", {"journal": (io.BytesIO(taken.data), "small-steps-export.zip")})
        importer, at = home.runtime.journal_importer(), str(sent.location)
        importer.work(int(at.rpartition("/")[2]))
        if "would come in" in (shown := home.get(at).text) and f"{at}/start" in shown:
            home.post(f"{at}/start", {"wants_digests": "yes"}, page=at)
            importer.work(int(at.rpartition("/")[2]))
        assert [(e.written_on, e.created_at, e.changed_at, e.prompt_id, e.words, e.is_kept_out) for e in before] == [
            (e.written_on, e.created_at, e.changed_at, e.prompt_id, e.words, e.is_kept_out) for e in entries(home)
        ]
        assert photos(home) == pictures
        assert steps_of(home) == before_steps


def test_day_ones_form_is_read_as_day_ones_with_every_word_and_photo(
    home: WebHarness, exporter: JournalExporter
) -> None:
    taken = download(home, exporter, ExportForm.DAY_ONE)
    key, items = read_journal(taken.data)
    found = entries_in(items)
    assert key == "dayone"
    assert len(found) == len(items) == 5
    for said, kept in zip(found, entries(home), strict=True):
        assert said.on == kept.written_on
        assert said.words.endswith(kept.words)
    assert [len(each.photos) for each in found] == [0, 1, 0, 0, 1]
    assert found[0].words.startswith("> ")


def test_mails_are_in_it_as_received_or_marked_as_rebuilt(home: WebHarness, exporter: JournalExporter) -> None:
    raw = mail("Soup, slowly — twice.", attachment=b"\x00photo")
    signature = signed(home.clock())
    with home.runtime.database.write() as session:
        person = session.get_one(Subscriber, home.person().id)
        for as_mime in (True, False):
            form = post(raw, "r-x@reply.example.org", signature, as_mime=as_mime)
            harness.give_mail(home.runtime, session, person, form, home.clock() - timedelta(hours=2 - as_mime))
    taken = download(home, exporter)
    mails = sorted(name for name in taken.names if name.startswith("mails/"))
    assert mails == ["mails/2026-05-13-1-rebuilt.eml", "mails/2026-05-13-2.eml"]
    assert b"Subject: Re: Soup" in taken.zip.read(mails[1])
    rebuilt = taken.text(mails[0])
    assert "X-Rebuilt: This email was put together from its parts." in rebuilt
    for kept in ("Subject: Re: Soup", "From: ana@example.com", 'filename="photo.bin"', "AHBob3Rv"):
        assert kept in rebuilt


def test_a_download_goes_on_where_it_broke_off(home: WebHarness, exporter: JournalExporter) -> None:
    home.write("x" * 3 * CHUNK_BYTES)
    with home.runtime.database.write() as session:
        person = session.get_one(Subscriber, home.person().id)
        noise = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(60_000))
        new = journal.NewEntry(words=noise, written_on=date(2026, 5, 2), source="page")
        journal.add_entry(session, home.runtime.keyring, person, new, home.clock())
    whole = download(home, exporter).data
    assert len(whole) > 3 * CHUNK_BYTES
    link = LINK.search(home.get("/export").text)
    assert link is not None
    etag = home.get(link[1]).headers["ETag"]
    for first, last in (
        (0, 0),
        (CHUNK_BYTES - 1, CHUNK_BYTES),
        (100, 2 * CHUNK_BYTES + 5),
        (len(whole) - 3, len(whole)),
    ):
        part = home.browser.get(link[1], headers={"Range": f"bytes={first}-{last}", "If-Range": etag})
        assert part.status_code == 206
        assert part.data == whole[first : last + 1]
        assert part.headers["Content-Range"] == f"bytes {first}-{min(last, len(whole) - 1)}/{len(whole)}"
    assert home.browser.get(link[1], headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
    other = home.browser.get(link[1], headers={"Range": "bytes=5-", "If-Range": '"another"'})
    assert (other.status_code, other.data) == (200, whole)
    assert home.browser.head(link[1]).headers["Content-Length"] == str(len(whole))


def test_only_its_owner_gets_an_export(home: WebHarness, exporter: JournalExporter) -> None:
    export_id = ask(home)
    exporter.work(export_id)
    at = f"/export/{export_id}/journal.zip"
    assert home.another_browser().get(at).status_code == 303
    other = home.another_browser()
    other.ask_for_signup("ben@example.com")
    other.do_what_was_asked()
    with home.runtime.database.write() as session:
        ben = session.scalars(select(Subscriber).where(Subscriber.id != home.person().id)).one()
        session.get_one(JournalExport, export_id).subscriber_id = ben.id
    assert home.get(at).status_code == 404
    assert home.post(f"/export/{export_id}/delete", page="/export").status_code == 404
    assert export_row(home, export_id).state == ExportState.READY


def test_nothing_of_an_export_is_in_plain_text_where_it_is_kept(home: WebHarness, exporter: JournalExporter) -> None:
    exporter.work(ask(home))
    [stored] = objects(home)
    sealed = stored.read_bytes()
    for plain in (b"kettle", b"PK\x03\x04", b"journal.json", b"\xff\xd8\xff\xe0", b"ana@example.com"):
        assert plain not in sealed


def test_one_is_made_at_a_time_and_the_newest_takes_the_place_of_the_one_before(
    home: WebHarness, exporter: JournalExporter
) -> None:
    first = ask(home)
    home.browser.post("/export")
    assert 'name="form"' not in home.get("/export").text
    assert home.queue.background == {}
    exporter.work(first)
    second = ask(home)
    exporter.work(second)
    with home.runtime.database.read() as session:
        assert [each.id for each in JournalExport.list_for(session, home.person().id)] == [second]
    assert [path.name for path in objects(home)] == [f"{second}.1"]


def test_it_goes_after_a_week_or_when_its_owner_says(home: WebHarness, exporter: JournalExporter) -> None:
    export_id = ask(home)
    exporter.work(export_id)
    prune(home.runtime.database, home.runtime.storage, now=home.clock() + 6 * DAY)
    assert len(objects(home)) == 1
    prune(home.runtime.database, home.runtime.storage, now=home.clock() + 8 * DAY)
    assert objects(home) == []
    assert home.get(f"/export/{export_id}/journal.zip").status_code == 404
    export_id = ask(home)
    exporter.work(export_id)
    home.post(f"/export/{export_id}/delete", page="/export")
    assert objects(home) == []
