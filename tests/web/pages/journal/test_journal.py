import json
import os
import re
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pytest

from service.core.addresses import Address
from service.core.journal.steps import StepState
from service.core.replies.values import TrimmedPiece
from service.flows.people.journal import journal
from service.flows.people.journal.steps import answer, open_steps
from service.models import Entry, Step
from tests.harness.people.people import join
from tests.harness.website import WebHarness

DAY = "/journal/2026-05-13"


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def _keep(site: WebHarness, words: str, on: date = date(2026, 5, 2), **more: Any) -> str:
    """Keep an entry as a reply would; return its address."""
    with site.runtime.database.write() as session:
        person = session.merge(site.person())
        entry = journal.add_entry(
            session,
            site.runtime.keyring,
            person,
            journal.NewEntry(words=words, written_on=on, source="mail", **more),
            site.clock(),
        )
        return f"/journal/entry/{entry.id}"


def test_an_empty_journal_says_how_words_arrive(home: WebHarness) -> None:
    text = home.get("/journal").text
    assert "May 2026" in text
    assert "When you reply to a question, your words appear here" in text


def test_the_journal_opens_at_the_newest_month_with_words(home: WebHarness) -> None:
    _keep(home, "in March", date(2026, 3, 9))
    _keep(home, "in April", date(2026, 4, 9))
    text = home.get("/journal").text
    assert "<h1>April 2026</h1>" in text
    assert "in April" in text
    assert "in March" not in text
    assert 'href="/journal/2026-03"' in text


def test_a_month_marks_the_days_with_words_and_leads_to_them(home: WebHarness) -> None:
    _keep(home, "hello", date(2026, 4, 9))
    text = home.get("/journal/2026-04").text
    assert re.search(r'<td class="on"><a href="/journal/2026-04-09" aria-label="Thursday 9 April, written">9<', text)
    assert text.count('class="on"') == 1


def test_a_question_in_another_language_says_which(home: WebHarness) -> None:
    german = home.runtime.library.first_six("de")[0]
    text = home.get(_keep(home, "müde", prompt_id=german.id)).text
    assert f'<p class="muted" lang="de" dir="auto">{german.question}' in text
    english = home.get(_keep(home, "tired", prompt_id="three-words")).text
    assert '<p class="muted">Which three words' in english


def test_a_month_without_words_is_allowed(home: WebHarness) -> None:
    _keep(home, "hello", date(2026, 4, 9))
    text = home.get("/journal/2026-02").text
    assert "Nothing here this month, and that’s fine" in text
    assert "Later: April 2026" in text


def test_several_replies_of_a_day_have_one_heading_and_one_question(home: WebHarness) -> None:
    for words in ("tired", "still tired", "less tired"):
        _keep(home, words, date(2026, 5, 9), prompt_id="three-words")
    _keep(home, "unasked", date(2026, 5, 9))
    question = home.runtime.library.get("three-words")
    assert question is not None
    for path in ("/journal", "/journal/2026-05-09"):
        text = home.get(path).text
        assert all(words in text for words in ("still tired", "less tired", "unasked"))
        assert text.count(question.question) == 1
    month = home.get("/journal").text
    assert month.count("Saturday 9 May</a></h2>") == 1
    assert '<h2 id="on-2026-05-09"><a href="/journal/2026-05-09">' in month


def test_a_day_with_one_reply_leads_to_it(home: WebHarness) -> None:
    entry = _keep(home, "hello", date(2026, 5, 9))
    assert f'<h2 id="on-2026-05-09"><a href="{entry}">Saturday 9 May</a></h2>' in home.get("/journal").text


def test_the_newest_comes_first_where_one_writes_and_an_earlier_month_begins_with_its_first_day(
    home: WebHarness,
) -> None:
    for on in (date(2026, 4, 3), date(2026, 4, 20), date(2026, 5, 2), date(2026, 5, 9)):
        _keep(home, f"words of {on}", on)
    for path in ("/journal", "/journal/2026-05"):
        text = home.get(path).text
        assert text.index("words of 2026-05-09") < text.index("words of 2026-05-02")
        assert "The newest:" not in text
    earlier = home.get("/journal/2026-04").text
    assert earlier.index("words of 2026-04-03") < earlier.index("words of 2026-04-20")
    assert '<a href="/journal">The newest: May 2026</a>' in earlier


def test_a_day_shows_all_that_was_written_on_it(home: WebHarness) -> None:
    _keep(home, "morning words", date(2026, 5, 13))
    home.clock.move(timedelta(hours=8))
    home.write("evening words")
    text = home.get(DAY).text
    assert text.index("morning words") < text.index("evening words")


@pytest.mark.parametrize("path", ["2026-13", "2026-02-30", "0001-01", "9999-12", "entry/0", "entry/" + "9" * 19, "x"])
def test_what_no_calendar_has_is_no_page(home: WebHarness, path: str) -> None:
    assert home.get(f"/journal/{path}").status_code == 404


@pytest.mark.parametrize("path", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_empty_days(home: WebHarness, path: str) -> None:
    assert home.get(f"/journal/{path}").status_code == 200


def test_words_are_shown_as_text_with_their_lines(home: WebHarness) -> None:
    entry = _keep(home, "<script>alert(1)</script>\n\n{{ 7 * 7 }}\nשלום")
    text = home.get(entry).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\n\n{{ 7 * 7 }}\nשלום" in text


def test_a_null_character_does_not_break_the_page(home: WebHarness) -> None:
    assert "a\ufffdb" in home.get(_keep(home, "a\x00b")).text


def test_changing_words_keeps_the_day(home: WebHarness) -> None:
    entry = _keep(home, "the bus was late")
    assert "the bus was late</textarea>" in home.get(f"{entry}/edit").text
    answer = home.post(f"{entry}/edit", {"words": "the bus came\r\nat last"})
    assert answer.location == f"{entry}?saved"
    text = home.get(str(answer.location)).text
    assert "Saved." in text
    assert "Saved." not in home.get(entry).text
    assert "the bus came\nat last" in text
    assert "Saturday 2 May 2026" in text


def _plan(site: WebHarness, step: str = "I will open a window") -> str:
    """Answer a step prompt on a page, today; return the entry's address."""
    site.post("/write", {"words": f"After the kettle is on, {step}.", "once": step, "prompt": "nearly-silly"})
    with site.runtime.database.read() as session:
        [entry] = Entry.between(session, site.person().id, date(2026, 5, 13), date(2026, 5, 13))
    return f"/journal/entry/{entry.id}"


def _steps(site: WebHarness) -> list[str]:
    with site.runtime.database.read() as session:
        person = session.merge(site.person())
        return [step.words for step in open_steps(site.runtime.keyring, person, Step.list_for(session, person.id))]


def test_changing_the_words_changes_the_step_in_them(home: WebHarness) -> None:
    entry = _plan(home)
    home.post(f"{entry}/edit", {"words": "After the kettle is on, I will sit down."})
    assert _steps(home) == ["After the kettle is on, I will sit down."]


def test_taking_an_open_step_out_of_the_words_takes_it_back(home: WebHarness) -> None:
    entry = _plan(home)
    home.post(f"{entry}/edit", {"words": "Nothing, really."})
    assert _steps(home) == []


def test_a_step_that_was_taken_stays_whatever_the_words_become(home: WebHarness) -> None:
    entry = _plan(home)
    with home.runtime.database.write() as session:
        person = session.merge(home.person())
        [step] = Step.list_for(session, person.id)
        answer(session, person, step, StepState.TAKEN, home.clock())
    home.post(f"{entry}/edit", {"words": "Nothing, really."})
    assert _steps(home) == ["After the kettle is on, I will open a window."]


def test_a_step_that_was_taken_off_does_not_come_back_with_a_comma(home: WebHarness) -> None:
    entry = _plan(home)
    with home.runtime.database.write() as session:
        [step] = Step.list_for(session, home.person().id)
        Step.remove(session, step.subscriber_id, step.id)
    home.post(f"{entry}/edit", {"words": "After the kettle is on, I will open a window.\n\nAnd it rained, a lot."})
    assert _steps(home) == []


def test_deleting_an_entry_takes_its_step_with_it(home: WebHarness) -> None:
    entry = _plan(home)
    assert len(_steps(home)) == 1
    home.post(f"{entry}/delete")
    assert _steps(home) == []


def test_words_that_begin_with_an_empty_line_come_through_an_edit_unchanged(home: WebHarness) -> None:
    entry = _keep(home, "\n\nindented")
    assert "\n\n\nindented</textarea>" in home.get(f"{entry}/edit").text


def test_an_entry_is_not_emptied_by_mistake(home: WebHarness) -> None:
    entry = _keep(home, "the bus was late")
    answer = home.post(f"{entry}/edit", {"words": "  "})
    assert answer.status_code == 422
    assert "the bus was late" in home.get(entry).text


def test_deleting_asks_first_and_shows_the_month(home: WebHarness) -> None:
    entry = _keep(home, "the bus was late")
    assert "the bus was late" in home.get(f"{entry}/delete").text
    assert home.get(entry).status_code == 200
    assert str(home.post(f"{entry}/delete").location).startswith("/journal/2026-05?deleted=")
    assert "the bus was late" not in home.get(entry).text


def test_an_entry_is_kept_out_of_digests_and_let_in_again(home: WebHarness) -> None:
    entry = _keep(home, "the bus was late")
    home.post(f"{entry}/keep-out", page=entry)
    assert "This one stays out of your digest" in home.get(entry).text
    home.post(f"{entry}/keep-out", {"in": "yes"}, page=entry)
    assert "This one stays out of your digest" not in home.get(entry).text


def test_everything_that_was_sent_can_be_seen_and_put_back(home: WebHarness) -> None:
    entry = _keep(
        home, "one\ntwo", trimmed=(TrimmedPiece("quotation", "> one and a half", 1),), over="and what ran over"
    )
    text = home.get(f"{entry}/everything").text
    assert "&gt; one and a half" in text
    assert "and what ran over" in text
    piece = re.search(r'name="piece" value="([^"]+)"', text)
    assert piece is not None
    home.post(f"{entry}/put-back", {"piece": piece.group(1)}, page=f"{entry}/everything")
    assert 'one<blockquote class="note">one and a half</blockquote>two' in home.get(entry).text
    assert 'name="piece"' not in home.get(f"{entry}/everything").text


def test_a_piece_in_which_nothing_can_be_seen_is_not_shown(home: WebHarness) -> None:
    unseen, seen = TrimmedPiece("attribution", "\ufeff", 1), TrimmedPiece("footer", "Sent from afar", 1)
    assert "Show everything I sent" not in home.get(_keep(home, "one", trimmed=(unseen,))).text
    entry = _keep(home, "two", trimmed=(unseen, seen))
    assert "Show everything I sent" in home.get(entry).text
    assert home.get(f"{entry}/everything").text.count('name="piece"') == 1


def test_one_that_was_kept_before_is_not_shown_either(home: WebHarness) -> None:
    with home.runtime.database.write() as session:
        person = session.merge(home.person())
        new = journal.NewEntry(words="one", written_on=date(2026, 5, 2), source="mail")
        entry = journal.add_entry(session, home.runtime.keyring, person, new, home.clock())
        place = f"entries.trimmed:{entry.id}"
        pieces = json.dumps([asdict(TrimmedPiece("attribution", "\ufeff", 1))])
        entry.sealed_trimmed = home.runtime.keyring.key_of(person).seal_text(pieces, place=place, random=os.urandom)
        path = f"/journal/entry/{entry.id}/everything"
    text = home.get(path).text
    assert 'name="piece"' not in text
    assert "Nothing was left out." in text


@pytest.mark.parametrize("path", ["", "/edit", "/delete", "/everything"], ids=["read", "edit", "delete", "everything"])
def test_nobody_else_s_entry_is_ever_a_page(home: WebHarness, path: str) -> None:
    entry = _bens_entry(home)
    assert home.get(f"{entry}{path}").status_code == 404


@pytest.mark.parametrize("path", ["/edit", "/delete", "/keep-out", "/put-back"])
def test_nobody_else_s_entry_can_be_changed(home: WebHarness, path: str) -> None:
    entry = _bens_entry(home)
    answer = home.post(f"{entry}{path}", {"words": "mine now", "piece": "x"}, page="/write")
    assert answer.status_code == 404
    with home.runtime.database.read() as session:
        [kept] = session.query(Entry).all()
        assert (kept.changed_at, kept.is_kept_out) == (None, False)


@pytest.mark.parametrize(
    "path", ["/journal", "/journal/2026-05", DAY, "/journal/entry/1", "/journal/entry/1/edit", "/write", "/welcome"]
)
def test_a_stranger_is_asked_to_sign_in(site: WebHarness, path: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.location) == (303, "/sign-in")


def _bens_entry(site: WebHarness) -> str:
    runtime = site.runtime
    with runtime.database.write() as session:
        ben = join(session, runtime.keyring, runtime.library, Address.parse("ben@example.com"), site.clock())
        entry = journal.add_entry(
            session,
            runtime.keyring,
            ben,
            journal.NewEntry(words="Ben's own", written_on=date(2026, 5, 2), source="mail"),
            site.clock(),
        )
        return f"/journal/entry/{entry.id}"
