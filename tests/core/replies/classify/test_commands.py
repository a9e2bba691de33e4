"""Which whole-body texts are commands, and which are somebody's own words."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.config import ROOT
from service.core.replies.classify.commands import Command, CommandPhrases, Verb

BOOK = CommandPhrases.parse((ROOT / "templates" / "commands" / "en.toml").read_text("utf-8"))
TODAY = date(2026, 5, 6)  # a Wednesday


def _read(words: str, today: date = TODAY) -> Command | None:
    return BOOK.read(words, today)


@pytest.mark.parametrize(
    ("words", "verb"),
    [
        ("not today", Verb.NOT_TODAY),
        ("skip", Verb.NOT_TODAY),
        ("another question", Verb.ANOTHER),
        ("smaller", Verb.SMALLER),
        ("pause", Verb.PAUSE),
        ("weekly", Verb.WEEKLY),
        ("resume", Verb.RESUME),
        ("stop", Verb.STOP),
        ("unsubscribe", Verb.STOP),
        ("delete that", Verb.DELETE),
        ("help", Verb.HELP),
    ],
)
@pytest.mark.parametrize(
    "written",
    [
        "{}",
        "{}.",
        " {} \n\n",
        "“{}”",
        "'{}!'",
        "**{}**",
        "Please {}",
        "{}, please.",
        "OK, {} then, thanks!",
        "{} 🙏",
        "{}\n\nThanks,\nAna",
        "{}\n-- \nKind regards",
    ],
)
def test_each_command_is_known_however_it_is_written(words: str, verb: Verb, written: str) -> None:
    for said in (words, words.upper(), words.capitalize()):
        assert _read(written.format(said)) == Command(verb)


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("pause 2 weeks", date(2026, 5, 20)),
        ("Pause for two weeks, please.", date(2026, 5, 20)),
        ("pause a week", date(2026, 5, 13)),
        ("pause for a couple of days", date(2026, 5, 8)),
        ("pause ten days", date(2026, 5, 16)),
        ("pause for a fortnight", date(2026, 5, 20)),
        ("pause 1 month", date(2026, 6, 6)),
        ("pause for a year", date(2027, 5, 6)),
        ("pause until 3 June", date(2026, 6, 3)),
        ("Pause until the 3rd of June.", date(2026, 6, 3)),
        ("pause until June 3rd", date(2026, 6, 3)),
        ("pause till 3 jun 2027", date(2027, 6, 3)),
        ("pause until 2026-06-03", date(2026, 6, 3)),
        ("pause until June", date(2026, 6, 1)),
        ("pause until 5 May", date(2027, 5, 5)),
        ("pause until the 6th", date(2026, 6, 6)),
        ("pause until Monday", date(2026, 5, 11)),
        ("pause until next Wednesday", date(2026, 5, 13)),
        ("pause until tomorrow", date(2026, 5, 7)),
        ("pause until 29 February", date(2028, 2, 29)),
    ],
)
def test_a_pause_may_name_its_end(words: str, until: date) -> None:
    assert _read(words) == Command(Verb.PAUSE, until)


def test_a_month_ends_where_a_shorter_one_does() -> None:
    assert _read("pause a month", date(2026, 1, 31)) == Command(Verb.PAUSE, date(2026, 2, 28))
    assert _read("pause a month", date(2026, 12, 31)) == Command(Verb.PAUSE, date(2027, 1, 31))


@pytest.mark.parametrize(
    "words",
    [
        "",
        "🙏",
        "please",
        "tired, grateful, late",
        "stop, rest, sleep",
        "help, weekly, pause",
        "Pause. Breathe. Rest.",
        "rest",
        "yes",
        "weekly shopping",
        "I wanted to stop",
        "stop worrying",
        "not today, Satan",
        "Another question I keep asking is why.",
        "Pause until the kettle has boiled.",
        "pause until I am back",
        "pause until 31 February",
        "pause until 3 June 2020",
        "pause 0 weeks",
        "pause 99999999999 weeks",
        "smaller than I was",
        "skip\n\nI meant the rope.",
        "Stop\nAna",
        "Stop\nThanks\nTo all who were there",
        "I had to stop. Then I could not go on, so I skipped the rest and asked for help. " * 3,
    ],
)
def test_anything_else_is_somebody_s_own_words(words: str) -> None:
    assert _read(words) is None


def test_no_list_holds_a_phrase_that_another_command_has() -> None:
    text = (ROOT / "templates" / "commands" / "en.toml").read_text("utf-8")
    listed = text.partition("[commands]")[2].partition("[pause]")[0].count('"') // 2
    assert listed == len(BOOK.verbs)


@given(st.text(max_size=300), st.dates(min_value=date(2020, 1, 1), max_value=date(2190, 1, 1)))
def test_no_text_makes_it_fail(words: str, today: date) -> None:
    _read(words, today)


@given(st.text(alphabet="pause forutil 0123456789stndmay\n", max_size=60))
def test_a_pause_never_ends_before_it_begins(rest: str) -> None:
    command = _read(f"pause {rest}")
    assert command is None or command.until_on is None or command.until_on > TODAY
