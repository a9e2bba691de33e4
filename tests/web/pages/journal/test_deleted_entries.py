"""A deleted entry: for a day its owner can put it back, meanwhile nothing shows it, and then it is erased."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.core.journal.steps import StepState
from service.core.journal_export.book_period import WHOLE_JOURNAL
from service.flows.outgoing.tick import prune
from service.flows.people.journal import steps
from service.models import Entry, JournalSize, Photo, Step
from tests.harness.mail.pictures import encoded, picture
from tests.harness.people.people import DAY, MINUTE, NOW
from tests.harness.website import WebHarness

TODAY = date(2026, 5, 13)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in, on Wednesday 13 May 2026 in London."""
    site.join()
    return site


@pytest.fixture
def entry(home: WebHarness) -> str:
    """An entry with a photo, a tag and a step; its path."""
    kept = home.post("/write", {"words": "the kettle sang #tea", "photos": [(BytesIO(encoded(picture())), "a.jpg")]})
    path = str(kept.location).partition("?")[0]
    with home.runtime.database.write() as session:
        row = session.get_one(Entry, int(path.rpartition("/")[2]))
        person = session.merge(home.person())
        steps.choose(session, home.runtime.keyring, person, "Open a window.", now=NOW, entry=row)
    return path


def test_it_is_put_back_whole_until_its_day_is_over(home: WebHarness, entry: str) -> None:
    photo = photo_path(home)
    month = home.get(str(home.post(f"{entry}/delete").location)).text
    assert "What you wrote on Wednesday 13 May 2026 is deleted" in month
    assert "you can put it back" in month
    for page in (entry, "/journal", "/journal/2026-05-13", "/journal/tags", "/steps", "/year/2026"):
        shown = home.get(page).text
        assert "kettle" not in shown
        assert "tea" not in shown
        assert "Open a window" not in shown
    assert "kettle" not in home.post("/journal/search", {"words": "kettle"}).text.replace('value="kettle"', "")
    for page in (photo, f"{entry}/edit", "/journal/2026-05.md"):
        assert home.get(page).status_code == 404
    home.clock.now += DAY - MINUTE
    prune(home.runtime.database, home.runtime.storage, now=home.clock())
    sent = home.post(f"{entry}/undelete", page=entry)
    assert sent.location == entry
    shown = home.get(entry).text
    assert "kettle" in shown
    assert "Open a window" in shown
    assert home.get(photo).status_code == 200
    assert home.get(entry + "/edit").status_code == 200


@ON_SQLITE
def test_a_day_later_it_is_erased_with_its_photos(home: WebHarness, entry: str) -> None:
    photo, month = photo_path(home), str(home.post(f"{entry}/delete").location)
    page = home.get(entry).text
    home.clock.now += DAY
    assert home.get(entry).status_code == 404
    assert "put it back" not in home.get(month).text
    assert "Put it back" in page
    assert home.post(f"{entry}/undelete", page="/write").status_code == 404
    prune(home.runtime.database, home.runtime.storage, now=home.clock())
    with home.runtime.database.read() as session:
        assert [session.scalar(select(func.count()).select_from(each)) for each in (Entry, Photo, Step)] == [0, 0, 0]
    assert home.runtime.storage.names_before("photos", datetime.max.replace(tzinfo=UTC)) == []
    assert home.get(photo).status_code == 404


@ON_SQLITE
def test_the_same_form_once_more_puts_it_back(home: WebHarness) -> None:
    entry = home.write("the bus was late").partition("?")[0]
    home.post(f"{entry}/delete")
    assert home.write("the bus was late").partition("?")[0] == entry
    assert "the bus was late" in home.get(entry).text


@ON_SQLITE
def test_journal_and_settings_lead_to_what_can_be_put_back_while_there_is_any(home: WebHarness) -> None:
    listed, leading = "/journal/deleted", ("/journal", "/settings")
    assert "nothing to put back" in home.get(listed).text
    assert not any(listed in home.get(page).text for page in leading)
    for words in ("the bus was late", "the kettle sang"):
        home.post(home.write(words).partition("?")[0] + "/delete")
        home.clock.now += MINUTE
    assert all(listed in home.get(page).text for page in leading)
    shown = home.get(listed).text
    assert "kettle" not in shown
    first, second = re.findall(r"/journal/entry/\d+/undelete", shown)
    home.post(first, page=listed)
    assert "the kettle sang" in home.get("/journal").text
    assert re.findall(r"/journal/entry/\d+/undelete", home.get(listed).text) == [second]
    home.clock.now += DAY
    assert "nothing to put back" in home.get(listed).text
    assert not any(listed in home.get(page).text for page in leading)


@ON_SQLITE
def test_only_its_owner_can_put_it_back(home: WebHarness) -> None:
    entry = home.write("the bus was late").partition("?")[0]
    home.post(f"{entry}/delete")
    with home.runtime.database.write() as session:
        row = session.get_one(Entry, int(entry.rpartition("/")[2]))
        assert Entry.find_deleted(session, row.subscriber_id + 1, row.id) is None
        assert Entry.find_deleted(session, row.subscriber_id, row.id) is row
        assert Entry.deleted_after(session, row.subscriber_id + 1, NOW - DAY) == []


FINDING: dict[str, Callable[[Session, int, int], object]] = {
    "find": Entry.find,
    "between": lambda session, person, _: Entry.between(session, person, TODAY, TODAY),
    "oldest_first": lambda session, person, _: Entry.oldest_first(session, person, WHOLE_JOURNAL, after=None, limit=9),
    "for_digests": lambda session, person, _: Entry.for_digests(session, person, TODAY, TODAY),
    "newest_first": lambda session, person, _: [*Entry.newest_first(session, person, TODAY, TODAY)],
    "tag_rows": lambda session, person, _: [*Entry.tag_rows(session, person)],
    "newest_from": lambda session, person, _: Entry.newest_from(session, person, "page", NOW - DAY),
    "not_kept_out_on": lambda session, person, _: Entry.not_kept_out_on(session, person, [TODAY]),
    "written_days": lambda session, person, _: Entry.written_days(session, person, TODAY, TODAY),
    "nearest_days": lambda session, person, _: [
        on for on in Entry.nearest_days(session, person, TODAY + timedelta(days=1)) if on
    ],
    "months": lambda session, person, _: Entry.months(session, person),
    "writers_between": lambda session, person, _: Entry.writers_between(session, [person], TODAY, TODAY),
    "writers_in_months": lambda session, person, _: Entry.writers_in_months(session, [person], TODAY, TODAY, 1),
    "count_for": lambda session, person, _: Entry.count_for(session, person),
    "written_since": lambda session, person, _: Entry.written_since(session, person, "page", NOW - DAY)[0],
    "steps": lambda session, person, _: Step.list_for(session, person),
    "steps taken": lambda session, person, _: Step.taken_between(session, person, TODAY, TODAY + timedelta(days=9)),
    "photos": lambda session, person, _: JournalSize.of(session, person, WHOLE_JOURNAL).photos,
    "size": lambda session, person, _: JournalSize.of(session, person, WHOLE_JOURNAL).entries,
}


@ON_SQLITE
def test_no_query_finds_it(home: WebHarness, entry: str) -> None:
    person, entry_id = home.person().id, int(entry.rpartition("/")[2])
    with home.runtime.database.write() as session:
        step = session.scalars(select(Step)).one()
        step.state, step.answered_on = StepState.TAKEN, TODAY
        session.flush()
        assert [name for name, find in FINDING.items() if not find(session, person, entry_id)] == []
        session.get_one(Entry, entry_id).deleted_at = NOW
        session.flush()
        assert [name for name, find in FINDING.items() if find(session, person, entry_id)] == []


def photo_path(home: WebHarness) -> str:
    with home.runtime.database.read() as session:
        return f"/journal/photo/{session.scalars(select(Photo.id)).one()}"
