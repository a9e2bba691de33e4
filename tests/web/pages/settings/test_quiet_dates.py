"""The page of quiet dates."""

import re

import pytest

from service.flows.people.settings.quiet_dates import MOST_QUIET_DATES, named_quiet_dates
from service.models import QuietDate
from tests.harness.website import WebHarness

PAGE = "/settings/quiet-dates"


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in, on Wednesday 13 May 2026."""
    site.join()
    return site


def text_of(page: str) -> str:
    """Return a page as text, on one line."""
    return " ".join(re.sub("<[^>]*>", " ", page).split())


def test_a_quiet_date_is_added_said_back_and_removed(home: WebHarness) -> None:
    answer = home.post(PAGE, {"first": "15 May", "label": "Mum’s  birthday"})
    assert answer.status_code == 303
    page = home.get(str(answer.location)).text
    assert "We’ll keep 15 May quiet, every year. Your next question comes on Monday 18 May 2026." in text_of(page)
    assert "Mum’s birthday" in page
    assert "The next one comes on Monday 18 May 2026" in home.get("/settings").text
    found = re.search(r'name="id" value="([0-9]+)"', page)
    assert found is not None
    assert home.post(f"{PAGE}/remove", {"id": "nonsense"}, page=PAGE).status_code == 303
    assert "Mum’s birthday" in home.get(PAGE).text
    answer = home.post(f"{PAGE}/remove", {"id": found[1]}, page=PAGE)
    page = home.get(str(answer.location)).text
    assert "That’s no longer a quiet date. Your next question comes on Friday 15 May 2026." in text_of(page)
    assert "Mum’s birthday" not in page


def test_a_span_over_the_new_year_is_said_back(home: WebHarness) -> None:
    answer = home.post(PAGE, {"first": "20 December", "last": "3 jan"})
    assert "We’ll keep the days from 20 December to 3 January quiet" in text_of(home.get(str(answer.location)).text)


def test_the_same_days_once_more_change_the_label_alone(home: WebHarness) -> None:
    home.post(PAGE, {"first": "12 March", "label": "one"})
    home.post(PAGE, {"first": "12/3", "label": "two"})
    with home.runtime.database.read() as session:
        found = named_quiet_dates(session, home.runtime.keyring, home.person())
    assert [(str(one.span), one.label) for one in found] == [("12 March", "two")]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param({"first": "30 February"}, "Write a day and a month, such as 12 March", id="no such day"),
        pytest.param({"first": ""}, "Write a day and a month, such as 12 March", id="nothing"),
        pytest.param({"first": "1 May", "last": "soon"}, "Write a day and a month, such as 12 March", id="no last day"),
        pytest.param({"first": "1 May", "last": "30 April"}, "too long for a quiet date", id="nearly a year"),
        pytest.param({"first": "1 May", "label": "x" * 81}, "Make it shorter", id="a long label"),
    ],
)
def test_a_mistake_is_said_and_what_was_typed_stays(home: WebHarness, typed: dict[str, object], said: str) -> None:
    answer = home.post(PAGE, {"label": "kept", **typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{typed.get("label", "kept")}"' in answer.text
    with home.runtime.database.read() as session:
        assert not QuietDate.of_subscriber(session, home.person().id)


def test_there_is_room_for_many_and_not_for_more(home: WebHarness) -> None:
    for number in range(MOST_QUIET_DATES):
        home.post(PAGE, {"first": f"{number % 28 + 1}/{number // 28 + 1}"})
    answer = home.post(PAGE, {"first": "31 December"})
    assert answer.status_code == 422
    assert "no room for another one" in answer.text
