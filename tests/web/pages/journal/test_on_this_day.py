"""On this day: what may be looked back at, on its page and in one line of the day's page."""

from __future__ import annotations

from datetime import date

import pytest

from service.core.settings.quiet_dates import MonthDay, QuietSpan
from service.flows.people.settings import quiet_dates
from service.models import Entry, Subscriber
from tests.harness.journals.diary import write
from tests.harness.journals.journal_content import asked, give_photo
from tests.harness.people.members import member
from tests.harness.website import WebHarness

TODAY, PAGE, LINE = "/journal/2026-05-13", "/journal/on-this-day", "On this day in earlier years"


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def keep(home: WebHarness, year: int, words: str, prompt_id: str = "", **columns: object) -> int:
    """Store an entry of 13 May; `columns` are then set as they are."""
    entry_id = write(home.runtime.database, home.runtime.keyring, home.person(), date(year, 5, 13), words, prompt_id)
    with home.runtime.database.write() as session:
        for name, value in columns.items():
            setattr(session.get_one(Entry, entry_id), name, value)
    return entry_id


def test_the_same_day_of_earlier_years_is_shown_with_its_questions_and_photos(home: WebHarness) -> None:
    keep(home, 2024, "two years ago", asked(home))
    photo = give_photo(home, keep(home, 2025, "a year ago"))
    keep(home, 2026, "today")
    write(home.runtime.database, home.runtime.keyring, home.person(), date(2025, 5, 12), "the day before")
    text = home.get(PAGE).text
    assert "On this day, 13 May" in text
    assert text.index("Tuesday 13 May 2025") < text.index("a year ago") < text.index("Monday 13 May 2024")
    question = home.runtime.library.get(asked(home))
    assert question is not None
    assert question.question in text
    assert f'src="/journal/photo/{photo}"' in text
    assert "the day before" not in text
    assert 'words" dir="auto">today' not in text
    assert home.get(TODAY).text.count(LINE) == 1
    assert LINE not in home.get("/journal/2025-05-13").text


def test_what_must_not_come_back_does_not(home: WebHarness) -> None:
    hurt = next(prompt.id for prompt in home.runtime.library.for_locale("en-GB") if prompt.theme == "hurt")
    keep(home, 2025, "kept out", is_kept_out=True)
    keep(home, 2024, "about a hurt", hurt)
    keep(home, 2023, "of another installation", "a-question-of-theirs")
    keep(home, 2022, "brought from elsewhere", source="import", is_kept_out=True)
    with home.runtime.database.write() as session:
        other = member(session, home.runtime.keyring, "bo@example.com")
    write(home.runtime.database, home.runtime.keyring, other, date(2025, 5, 13), "somebody else's")
    text = home.get(PAGE).text
    assert "Nothing to look back at today, and that’s fine." in text
    assert '<div class="words"' not in text
    assert LINE not in home.get(TODAY).text


def test_whoever_wants_no_look_backs_gets_no_line(home: WebHarness) -> None:
    keep(home, 2025, "a year ago")
    with home.runtime.database.write() as session:
        session.get_one(Subscriber, home.person().id).wants_look_backs = False
    assert LINE not in home.get(TODAY).text
    assert "a year ago" in home.get(PAGE).text  # the page is opened by somebody who asks for it


def test_a_quiet_date_is_not_looked_back_at(home: WebHarness) -> None:
    keep(home, 2025, "a year ago")
    span = QuietSpan(MonthDay(5, 12), MonthDay(5, 13))
    runtime = home.runtime
    with runtime.database.write() as session:
        quiet_dates.add(session, runtime.keyring, session.merge(home.person()), span, label="", now=home.clock())
    assert "a year ago" not in home.get(PAGE).text
    assert LINE not in home.get(TODAY).text
