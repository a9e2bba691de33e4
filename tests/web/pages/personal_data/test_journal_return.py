"""What an export has besides entries comes back: steps, descriptions of photos, quiet dates, and settings if wanted."""

from __future__ import annotations

import io
import json
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.config import ROOT
from service.core.journal.steps import StepState
from service.core.journal_export.book_period import WHOLE_JOURNAL
from service.core.settings.quiet_dates import MonthDay, QuietSpan
from service.core.settings.schedule import Days, Schedule
from service.flows.people.journal import drafts, earlier_wording, entry_drafts, steps, tags
from service.flows.people.journal.drafts import SeenDraft
from service.flows.people.journal.photos import entry_photos, photo_changes
from service.flows.people.settings import own_questions, quiet_dates
from service.flows.people.subscription import account
from service.flows.people.subscription.account import Preferences
from service.models import Delivery, DeliveryKind, Draft, EarlierWording, Entry, Photo, QuietDate, Step, Subscriber
from tests.harness.journals import exports as harness
from tests.harness.journals.exports import Taken, written
from tests.harness.people.people import DAY
from tests.harness.website import WebHarness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DRAFT_ON = date(2026, 5, 4)
SPAN = QuietSpan(MonthDay(12, 30), MonthDay(1, 2))
WANTED = Preferences(
    wants_questions=True,
    wants_letters=False,
    schedule=Schedule(Days.of(1, 5), time(21, 30), ZoneInfo("Pacific/Apia")),
    muted_themes=["hurt"],
    wants_digest=False,
    wants_look_backs=False,
    wants_thread=True,
    is_discreet=True,
    help_country="GB",
    locale="de",
)


def everything_but_words(home: WebHarness) -> dict[str, Any]:
    """Return what a journal has besides its words, without our own numbers."""
    runtime, person = home.runtime, home.person()
    with runtime.database.read() as session:
        found = Step.list_for(session, person.id)
        opened = steps.open_steps(runtime.keyring, person, found)
        entries = {
            row.id: row.written_on
            for row in Entry.oldest_first(session, person.id, WHOLE_JOURNAL, after=None, limit=99)
        }
        photos = [each for row in entries for each in Photo.list_for_entries(session, person.id, [row])]
        return {
            "steps": [(each.words, each.chosen_on, each.state, each.answered_on) for each in opened],
            "entries of steps": [entries.get(each.entry_id or 0) for each in opened],
            "photos": [each.description for each in entry_photos.open_photos(runtime.keyring, person, photos)],
            "quiet dates": [
                (each.span, each.label) for each in quiet_dates.named_quiet_dates(session, runtime.keyring, person)
            ],
            "settings": account.preferences_of(person),
            "drafts": [
                (row.written_on, drafts.open_draft(runtime.keyring.key_of(person), row), row.saved_at)
                for row in Draft.list_for(session, person.id)
            ],
            "earlier words": [
                (earlier_wording.open_earlier(runtime.keyring.key_of(person), kept), kept.kept_until)
                for kept in EarlierWording.of_entries(session, [*entries]).values()
            ],
        }


def bring(home: WebHarness, taken: Taken, **ticks: object) -> str:
    """Bring a file in; return the path of its import."""
    at = str(home.post("/import", {"journal": (io.BytesIO(taken.data), "export.zip")}).location)
    home.runtime.journal_importer().work(int(at.rpartition("/")[2]))
    if f"{at}/start" in home.get(at).text:
        home.post(f"{at}/start", {"wants_digests": "yes", **ticks}, page=at)
        home.runtime.journal_importer().work(int(at.rpartition("/")[2]))
    return at


@pytest.fixture
def taken(site: WebHarness) -> Taken:
    """The export of a journal with steps, a described photo, a quiet date and settings of its owner's own."""
    site.join()
    runtime, now = site.runtime, site.clock()
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, site.person().id)
        rows = harness.fill(runtime, session, person, now)
        step = steps.choose(session, runtime.keyring, person, "Ring my sister.", now=now + DAY / 9999, entry=rows[1])
        steps.answer(session, person, step, StepState.NOT_YET, now)
        [photo] = Photo.list_for_entries(session, person.id, [rows[0].id])
        photo_changes.describe(runtime.keyring, person, photo, "The mill, in snow")
        earlier_wording.change_words(session, runtime.keyring, person, rows[3], words="Other words.", now=now)
        entry_drafts.save_draft(session, runtime.keyring, person, rows[2], words="Begun", seen="", now=now - DAY)
        tags.store_tags(runtime.keyring.key_of(person), rows[2], ["peace"])
        assert own_questions.add(session, runtime.keyring, person, "Who rang?", now)
        draft, seen = "Half a though", SeenDraft(DRAFT_ON, "")
        drafts.save_draft(session, runtime.keyring, person, DRAFT_ON, words=draft, seen=seen, now=now - DAY)
        quiet_dates.add(session, runtime.keyring, person, SPAN, label="The quiet days", now=now)
        account.change_preferences(session, person, WANTED, now)
    return written(runtime, site.person())


@pytest.fixture
def other(site: WebHarness, taken: Taken) -> WebHarness:  # noqa: ARG001 - which comes first
    """Another journal, empty, of the person who has erased theirs and signed up again."""
    with site.runtime.database.write() as session:
        session.delete(session.get_one(Subscriber, site.person().id))
    again = site.another_browser()
    again.join()
    return again


def test_everything_comes_back_to_another_journal(taken: Taken, other: WebHarness) -> None:
    at = bring(other, taken, wants_settings="yes")

    shown = everything_but_words(other)
    assert [words for words, *_ in shown["steps"]] == ["Ring my sister.", "Open a window."]
    assert shown["steps"][0][2] == StepState.NOT_YET
    assert [on is not None for on in shown["entries of steps"]] == [True, False]
    assert shown["photos"] == ["The mill, in snow", ""]
    assert shown["quiet dates"] == [(SPAN, "The quiet days")]
    assert shown["settings"] == WANTED
    assert shown["drafts"] == [(DRAFT_ON, "Half a though", other.clock() - DAY)]
    assert shown["earlier words"] == [(harness.WORDS[3], other.clock() + DAY)]
    with other.runtime.database.read() as session:
        assert Delivery.newest_about(session, other.person().id, DeliveryKind.STEP_FOLLOW_UP) is None

    again = bring(other, taken)
    assert f"{again}/start" not in other.get(again).text  # nothing is left to come in
    assert everything_but_words(other) == shown

    other.post(f"{at}/undo", page=at)
    other.runtime.journal_importer().work(int(at.rpartition("/")[2]))
    gone = everything_but_words(other)
    assert (gone["steps"], gone["photos"], gone["quiet dates"], gone["drafts"]) == ([], [], [], [])
    assert gone["settings"] == WANTED


def test_settings_and_quiet_dates_stay_unless_that_is_ticked(taken: Taken, other: WebHarness) -> None:
    before = everything_but_words(other)
    at = str(other.post("/import", {"journal": (io.BytesIO(taken.data), "export.zip")}).location)
    other.runtime.journal_importer().work(int(at.rpartition("/")[2]))
    page = other.get(at).text
    assert 'name="wants_settings" value="yes">' in page  # not ticked
    assert "We leave out questions about what hurts." in page
    assert "30 December to 2 January are quiet." in page
    other.post(f"{at}/start", {}, page=at)
    other.runtime.journal_importer().work(int(at.rpartition("/")[2]))
    after = everything_but_words(other)
    assert (after["settings"], after["quiet dates"]) == (before["settings"], [])
    assert len(after["steps"]) == 2
    with other.runtime.database.read() as session:
        assert QuietDate.of_subscriber(session, other.person().id) == []


def test_a_draft_comes_below_the_one_of_its_day_and_stays_when_the_import_is_taken_back(
    taken: Taken, other: WebHarness
) -> None:
    with other.runtime.database.write() as session:
        person, seen = other.person(), SeenDraft(DRAFT_ON, "")
        drafts.save_draft(session, other.runtime.keyring, person, DRAFT_ON, words="Mine", seen=seen, now=other.clock())
    at = bring(other, taken)
    for _ in range(2):
        assert [words for _, words, _ in everything_but_words(other)["drafts"]] == ["Mine\n\nHalf a though"]
        bring(other, taken)  # which adds nothing
    other.post(f"{at}/undo", page=at)
    other.runtime.journal_importer().work(int(at.rpartition("/")[2]))
    assert [words for _, words, _ in everything_but_words(other)["drafts"]] == ["Mine\n\nHalf a though"]


def without_numbers(taken: Taken) -> dict[str, Any]:
    """Return journal.json with the places of entries and questions in it in place of our own numbers for them."""
    journal: dict[str, Any] = json.loads(taken.text("journal.json"))
    numbers = {each["id"]: f"{name} {at}" for name in ("entries", "questions") for at, each in enumerate(journal[name])}
    for each in (*journal["entries"], *journal["questions"], *journal["steps"]):
        each["id"] = numbers.get(each["id"], "step")
        each["entry"] = numbers.get(each.get("entry"))
    return journal


def test_an_export_of_what_came_back_says_the_same_in_every_field(taken: Taken, other: WebHarness) -> None:
    bring(other, taken, wants_settings="yes")
    again = written(other.runtime, other.person())
    first = without_numbers(taken)
    assert without_numbers(again) == first
    photos = {name for name in taken.names if name.startswith("photos/")}
    assert [again.zip.read(name) for name in photos] == [taken.zip.read(name) for name in photos]

    schema = json.loads((ROOT / "docs" / "journal.schema.json").read_text("utf-8"))
    for name, kind in {"entries": "entry", "questions": "question", "drafts": "draft", "steps": "step"}.items():
        for field in schema["$defs"][kind]["properties"]:  # a new one is missed until this journal has it
            assert any(each[field] for each in first[name]), (name, field)


def test_an_entry_that_somebody_began_to_change_stays_when_the_import_is_taken_back(
    taken: Taken, other: WebHarness
) -> None:
    at = bring(other, taken)
    other.clock.move(DAY / 24)
    runtime = other.runtime
    with runtime.database.write() as session:
        person = other.person()
        entry = Entry.oldest_first(session, person.id, WHOLE_JOURNAL, after=None, limit=1)[0]
        entry_drafts.save_draft(session, runtime.keyring, person, entry, words="Mine", seen="", now=other.clock())
    other.post(f"{at}/undo", page=at)
    runtime.journal_importer().work(int(at.rpartition("/")[2]))
    with runtime.database.read() as session:
        left = Entry.oldest_first(session, person.id, WHOLE_JOURNAL, after=None, limit=9)
        assert [row.id for row in left] == [entry.id]
