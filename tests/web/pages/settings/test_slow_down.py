"""What the settings page says to somebody who is written to less often after silence, and how it is undone there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.core.access.tokens import Action
from service.core.journal.entry_text import write_link_object
from service.core.settings.frequency import SlowDown
from service.core.settings.schedule import Days
from service.flows.people.settings import frequency
from service.models import Subscriber, SubscriberStatus
from tests.harness.website import WebHarness

THREE, MONDAYS = Days.of(0, 2, 4), Days.of(0)
SAVED = {"wants_questions": "yes", "at": "08:00", "time_zone": "Europe/London", "help_country": "", "locale": "en-GB"}


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A browser that is signed in, of somebody who is asked on Mondays, Wednesdays and Fridays."""
    site.join()
    return site


def ease(site: WebHarness, *stages: SlowDown) -> None:
    with site.runtime.database.write() as session:
        person = session.get_one(Subscriber, site.person().id)
        for stage in stages:
            for name, value in frequency.slowed_columns(person, stage).items():
                if name != "row_id":
                    setattr(person, name, value)
        person.schedule_next(site.clock())


def test_once_a_week_is_said_plainly_and_undone_by_a_button(home: WebHarness) -> None:
    ease(home, SlowDown.WEEKLY)
    text = home.get("/settings").text
    assert "For now you get one question a week, on Mondays at 8 in the morning, London time." in text
    assert "The next one comes on Monday 18 May 2026. Any reply brings your own days back." in text
    home.post("/settings/resume", page="/settings")
    assert home.person().schedule.days == THREE
    assert "Questions come on Mondays, Wednesdays and Fridays" in home.get("/settings").text


def test_the_days_that_are_ticked_are_their_own_and_saving_brings_them_back(home: WebHarness) -> None:
    ease(home, SlowDown.WEEKLY)
    text = home.get("/settings").text
    ticked = [day for day in range(7) if f'name="days" value="{day}" checked' in text]
    assert ticked == [0, 2, 4]
    home.post("/settings", {**SAVED, "days": [str(day) for day in ticked]})
    person = home.person()
    assert (person.schedule.days, person.usual_days_mask, person.slow_down_stage) == (THREE, None, None)


def test_days_that_are_chosen_now_hold(home: WebHarness) -> None:
    ease(home, SlowDown.WEEKLY)
    home.post("/settings", {**SAVED, "days": ["0"]})
    person = home.person()
    assert (person.schedule.days, person.usual_days_mask, person.slow_down_stage) == (MONDAYS, None, None)
    assert "for now" not in home.get("/settings").text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        pytest.param("/settings/resume", {}, id="the button"),
        pytest.param("/settings", {**SAVED, "days": ["0", "2", "4"]}, id="saving"),
        pytest.param("/write", {"words": "Here.", "once": "1"}, id="writing on a page"),
    ],
)
def test_a_rest_that_silence_led_to_is_ended_by(home: WebHarness, path: str, fields: dict[str, object]) -> None:
    ease(home, SlowDown.WEEKLY, SlowDown.REST)
    assert "You’re resting, until you come back." in home.get("/settings").text
    home.post(path, fields, page="/settings")
    person = home.person()
    assert (person.status, person.slow_down_stage, person.schedule.days) == (SubscriberStatus.ACTIVE, None, THREE)
    assert person.next_prompt_at is not None


@pytest.mark.parametrize("length", ["open", "month"])
def test_a_rest_chosen_by_the_link_is_their_own_and_then_their_own_days_come(home: WebHarness, length: str) -> None:
    ease(home, SlowDown.WEEKLY)
    home.post(f"/rest/{home.frequency_link()}", {"length": length})
    person = home.person()
    assert (person.status, person.slow_down_stage, person.schedule.days) == (SubscriberStatus.RESTING, None, THREE)
    home.write("Resting, and writing.")
    assert home.person().status == SubscriberStatus.RESTING


def test_a_link_to_write_by_brings_their_days_back_without_a_sign_in(home: WebHarness) -> None:
    ease(home, SlowDown.WEEKLY)
    prompt = home.runtime.library.first_six("en-GB")[0]
    asked = write_link_object(prompt.key, date(2026, 5, 13))
    link = home.act_link(Action.WRITE, asked, person_id=home.person().id, lasts=timedelta(days=30))
    browser = home.another_browser()
    browser.get(f"/write/{link}")
    assert home.person().slow_down_stage == SlowDown.WEEKLY
    browser.post(f"/write/{link}", {"words": "Here.", "once": "1"})
    assert (home.person().slow_down_stage, home.person().schedule.days) == (None, THREE)
