"""Questions at the desk: checked while they are written, added for good, in a season, and retired from a day on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.core.library.rotation import ranking
from tests.harness.desk import DeskHarness
from tests.harness.website import WebHarness

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = "/desk/questions"
FORM: dict[str, object] = {
    "subject": "Frost on the pane",
    "body": "What did the frost draw on a window near you?",
    "locale": "en-GB",
    "theme": "noticing",
    "kind": "question",
    "minutes": "1",
    "depth": "1",
    "resurface": "yes",
}
DRAFT = f"{PAGE}/desk-frost-on-the-pane"
BEGINS = date(2026, 5, 15)  # the clock says 13 May, and it is the 14th somewhere before it is the 14th in UTC


@pytest.fixture
def desk(site: WebHarness) -> DeskHarness:
    harness = DeskHarness(site)
    harness.sign_in()
    return harness


def ids_on(desk: DeskHarness, on: date) -> set[str]:
    return {prompt.id for prompt in ranking(desk.site.runtime.library, on, "en-GB")}


def test_a_question_is_checked_added_for_good_and_comes_from_the_next_day_but_one(desk: DeskHarness) -> None:
    desk.site.post(f"{PAGE}/new", {**FORM, "body": "What AMAZING frost did you see!"})
    shown = desk.site.get(DRAFT).text
    assert "An exclamation mark raises its voice" in shown
    assert f"{DRAFT}/add" not in shown
    assert desk.site.post(f"{DRAFT}/add", page=DRAFT).status_code == 422
    desk.site.post(f"{DRAFT}/edit", FORM)
    assert "nothing to mend" in desk.site.get(DRAFT).text
    assert "What did the frost draw" in desk.site.get(f"{DRAFT}/preview.txt").text
    framed = desk.site.get(f"{DRAFT}/preview.html")
    assert "sandbox" in framed.headers["Content-Security-Policy"]
    assert "desk-frost-on-the-pane" not in ids_on(desk, BEGINS)
    assert desk.site.post(f"{DRAFT}/add", page=DRAFT).status_code == 303
    assert "desk-frost-on-the-pane" in ids_on(desk, BEGINS)
    assert "desk-frost-on-the-pane" not in ids_on(desk, BEGINS - timedelta(days=1))
    assert "It comes: not yet; from 2026-05-15 on: all year." in desk.site.get(DRAFT).text
    refused = desk.site.post(f"{DRAFT}/edit", {**FORM, "body": "Another?"}, page=DRAFT)
    assert refused.status_code == 422
    assert "never edited" in refused.text
    assert desk.site.post(f"{DRAFT}/throw-away", page=DRAFT).status_code == 422
    assert "What did the frost draw" in desk.site.get(f"{PAGE}/new?from=desk-frost-on-the-pane").text
    assert desk.actions() == ["prompt.added", "prompt.written", "prompt.written"]


def test_a_season_ends_and_a_retired_question_of_the_library_is_brought_back(desk: DeskHarness) -> None:
    window, page = "a-window", f"{PAGE}/a-window"
    desk.site.post(f"{page}/season", {"first_on": "2026-06-01", "last_on": "2026-08-31"}, page=page)
    on = [date(2026, 5, 14), date(2026, 5, 31), date(2026, 6, 1), date(2026, 8, 31), date(2026, 9, 1)]
    assert [window in ids_on(desk, day) for day in on] == [True, False, True, True, False]
    in_season = [date(2026, 6, 1) + timedelta(days=number) for number in range(92)]
    firsts = [ranking(desk.site.runtime.library, day, "en-GB")[0].id for day in in_season]
    assert window in firsts
    desk.site.post(f"{page}/retire", page=page)
    assert window not in ids_on(desk, in_season[0])
    assert "retired" in desk.site.get(page).text
    desk.site.clock.move(timedelta(days=1))
    desk.sign_in()
    desk.site.post(f"{page}/season", {"first_on": "", "last_on": ""}, page=page)
    assert [window in ids_on(desk, day) for day in (on[0], BEGINS, in_season[0])] == [True, False, True]
    assert desk.actions() == ["prompt.retired", "prompt.season_set", "prompt.season_set"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("prompt_id", "action", "fields", "sentence"),
    [
        ("three-words", "retire", {}, "one of the six"),
        ("a-window", "season", {"first_on": "soon"}, "Write each day"),
        ("a-window", "season", {"first_on": "2026-09-01", "last_on": "2026-08-01"}, "before its first"),
        ("a-window", "season", {"last_on": "2026-05-14"}, "is over before"),
        ("a-window", "add", {}, "no question with this id"),
    ],
)
def test_what_cannot_be_changed_gets_a_sentence(
    desk: DeskHarness, prompt_id: str, action: str, fields: dict[str, object], sentence: str
) -> None:
    page = f"{PAGE}/{prompt_id}"
    refused = desk.site.post(f"{page}/{action}", fields, page=page)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert desk.actions() == []


@ON_SQLITE
def test_the_lists_are_small_pages_and_other_processes_read_a_change_within_a_minute(desk: DeskHarness) -> None:
    for query in ("", "?theme=rest", "?locale=de&theme=people", "?theme=x"):
        assert len(desk.site.get(f"{PAGE}{query}").data) < 30_000
    for path in ("new", "a-window", "a-window/edit"):
        assert desk.site.get(f"{PAGE}/{path}").status_code == (404 if path.endswith("edit") else 200)
    desk.site.post(f"{PAGE}/a-window/retire", page=PAGE)
    desk.site.runtime.library.take_own((), {})  # as another process has it
    desk.site.get("/")
    assert "a-window" in ids_on(desk, BEGINS)
    desk.site.clock.move(timedelta(minutes=1))
    desk.site.get("/")
    assert "a-window" not in ids_on(desk, BEGINS)


@ON_SQLITE
def test_a_question_that_is_no_question_keeps_what_was_typed(desk: DeskHarness) -> None:
    refused = desk.site.post(f"{PAGE}/new", {**FORM, "kind": "follow-up", "body": "How did it go?\x00"})
    assert refused.status_code == 422
    assert "Choose a kind" in refused.text
    assert "Frost on the pane" in refused.text
    kept = desk.site.post(f"{PAGE}/new", {**FORM, "body": "What is %recipient.reply%?\x00 And then"})
    shown = desk.site.get(str(kept.location)).text
    assert "Leave out %recipient.reply%" in shown
    sent = desk.site.post(f"{DRAFT}/test", page=DRAFT)  # nobody answers for the provider here
    assert sent.status_code == 503
    assert desk.site.post(f"{DRAFT}/throw-away", page=DRAFT).location == PAGE
    assert desk.site.get(DRAFT).status_code == 404
