"""Each change of a setting is said back in words."""

import re

import pytest

from service.flows.people.subscription.account import Rest, rest
from tests.harness.website import WebHarness

AS_IT_WAS: dict[str, object] = {
    "wants_questions": "yes",
    "days": ["0", "2", "4"],
    "at": "08:00",
    "time_zone": "Europe/London",
    "wants_digest": "yes",
    "wants_look_backs": "yes",
    "help_country": "",
    "locale": "en-GB",
}
SAID = re.compile(r'<div class="said" role="status">(.*?)</div>', re.DOTALL)


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def said_after(home: WebHarness, changed: dict[str, object]) -> str:
    """Save the settings with these changes; return what the page says then, as text."""
    fields = {name: value for name, value in {**AS_IT_WAS, **changed}.items() if value is not None}
    answer = home.post("/settings", fields)
    assert answer.status_code == 303
    found = SAID.search(home.get(str(answer.location)).text)
    assert found is not None
    return " ".join(re.sub("<[^>]*>", " ", found.group(1)).split())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"days": ["2"], "at": "19:30"}, "on Wednesdays at half past 7 in the evening", id="schedule"),
        pytest.param({"time_zone": "Asia/Tokyo"}, "at 8 in the morning, Tokyo time. The next one comes on", id="zone"),
        pytest.param({"muted": ["work", "hurt"]}, "leave out questions about work and what hurts.", id="themes"),
        pytest.param({"locale": "de"}, "Questions come in German.", id="language"),
        pytest.param({"wants_digest": None}, "don’t come back on the 1st of the month.", id="no digest"),
        pytest.param({"wants_look_backs": None}, "Nothing from a year ago comes", id="no look-backs"),
        pytest.param({"wants_thread": "yes"}, "came back more often in a month, we say which.", id="thread"),
        pytest.param({"is_discreet": "yes"}, "Every email is discreet", id="discreet"),
        pytest.param({"help_country": "GB"}, "The help line we show is for the UK.", id="country"),
        pytest.param({"wants_letters": "yes"}, "Letters come now and then.", id="letters"),
        pytest.param(
            {"wants_questions": None, "wants_letters": "yes"},
            "You don’t get any questions.",
            id="no questions",
        ),
    ],
)
def test_a_change_is_said_back(home: WebHarness, changed: dict[str, object], said: str) -> None:
    assert said in said_after(home, changed)


def test_a_change_that_is_taken_back_is_said_back_as_well(home: WebHarness) -> None:
    said_after(home, {"muted": ["work"], "is_discreet": "yes", "locale": "de"})
    said = said_after(home, {})
    assert "Questions can be about any of the themes." in said
    assert "Questions come in English." in said
    assert "Emails aren’t discreet" in said


def test_what_did_not_change_is_not_said(home: WebHarness) -> None:
    said = said_after(home, {})
    assert said.startswith("Saved. Questions come on Mondays, Wednesdays and Fridays at 8 in the morning, London time.")
    assert said.count(".") == 3


def test_new_days_are_said_back_during_a_rest(home: WebHarness) -> None:
    with home.runtime.database.write() as session:
        rest(session, session.merge(home.person()), Rest.WEEK, home.clock())
    said = said_after(home, {"days": ["6"]})
    assert "Questions come on Sundays at 8 in the morning, London time." in said
    assert "We’ll be quiet until" in said


def test_names_that_no_setting_has_say_nothing(home: WebHarness) -> None:
    assert "script" not in SAID.search(home.get("/settings?saved=<script>.nothing").text).group(1)  # type: ignore[union-attr]
