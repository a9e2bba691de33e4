from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.journal.steps import LONGEST_STEP, StepState, follow_up_on, step_phrases_for
from service.core.settings.schedule import Days, Rhythm
from service.template_files import load_library, load_step_phrases

BOOKS = load_step_phrases()
ENGLISH = BOOKS["en"]
LIBRARY = load_library()
PROMPTS = {prompt.id: prompt for prompt in LIBRARY.for_locale("en-GB")}
NEARLY_SILLY, BEFORE_THE_SCREEN = PROMPTS["nearly-silly"], PROMPTS["before-the-screen"]
FIRST_MOVE = PROMPTS["smallest-first-move"]

TAKEN, NOT_YET, LET_GO = StepState.TAKEN, StepState.NOT_YET, StepState.LET_GO


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("Took it", TAKEN),
        ("took it, thanks!", TAKEN),
        ("Yes", TAKEN),
        ("Yes, I did.", TAKEN),
        ("I’ve done it", TAKEN),
        ("No, I took it.", TAKEN),
        ("not yet", NOT_YET),
        ("Nope", NOT_YET),
        ("Honestly, it slipped my mind", NOT_YET),
        ("I didn’t get round to it, sorry", NOT_YET),
        ("I actually did it!", TAKEN),
        ("I managed to, thanks", TAKEN),
        ("No thanks", LET_GO),
        ("I’ve changed my mind.", LET_GO),
        ("Sorry, I forgot", NOT_YET),
        ("I haven’t yet", NOT_YET),
        ("Not today.", NOT_YET),
        ("let it go", LET_GO),
        ("I’m letting this one go, thank you", LET_GO),
        ("I don't want to any more.", LET_GO),
        ("Yes, let it go", LET_GO),
        ("Never mind", LET_GO),
    ],
)
def test_an_answer_in_anybodys_words_is_understood_and_is_all_there_is(words: str, state: StepState) -> None:
    answer = ENGLISH.answer_in(words)
    assert answer is not None
    assert (answer.state, answer.is_all) == (state, True)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("I took it on Tuesday", TAKEN),
        ("Yes! Twice.", TAKEN),
        ("Too busy. My sister came to stay.", NOT_YET),
        ("Took it. The door was cold and the street smelled of rain.", TAKEN),
        ("I did it and it was lovely", TAKEN),
        ("Not yet, but the shoes stand by the door", NOT_YET),
        ("It was a hard week. Not yet.", NOT_YET),
        ("It didn't happen. Mum was ill.", NOT_YET),
        ("I thought about it on the bus. Then the dog got ill, and I cried a bit. Let it go.", LET_GO),
    ],
)
def test_an_answer_with_more_words_keeps_them(words: str, state: StepState) -> None:
    answer = ENGLISH.answer_in(words)
    assert answer is not None
    assert (answer.state, answer.is_all) == (state, False)


@pytest.mark.parametrize(
    "words",
    [
        "Took it back to the shop",
        "I did not sleep at all",
        "I haven't been well",
        "The step was icy this morning",
        "What step?",
        "It worked its way under the door, the draught",
        "Done in by the week, to be honest",
        "",
        "…",
    ],
)
def test_what_is_not_plainly_an_answer_decides_nothing(words: str) -> None:
    assert ENGLISH.answer_in(words) is None


@given(words=st.text(max_size=400), after=st.text(min_size=1, max_size=200))
def test_words_beyond_the_phrases_are_never_taken_for_an_answer_alone(words: str, after: str) -> None:
    answer = ENGLISH.answer_in(f"Took it. {words}zebra{after}")
    assert answer is not None
    assert not answer.is_all


def test_a_phrase_after_very_many_words_is_not_looked_for_and_nothing_is_called_all() -> None:
    answer = ENGLISH.answer_in("Took it. " + "\n" * 3000)
    assert answer is not None
    assert not answer.is_all


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ("After I lock the door, I will stand still for a breath.",) * 2,
        (
            "Work was loud.\nAfter I make tea, I'll look out of the window. That is small enough, I think.",
            "After I make tea, I'll look out of the window.",
        ),
        ("“After I make tea, I will look out.”", "After I make tea, I will look out."),
        ("I'll open the envelope. Only open it.", "I'll open the envelope."),
        ("lock the door\nbreathe once", "After I lock the door, I will breathe once."),
    ],
)
def test_a_sentence_with_a_when_and_an_i_will_is_the_step(words: str, chosen: str) -> None:
    assert ENGLISH.step_in(words, NEARLY_SILLY) == chosen


def test_one_blank_is_filled_with_a_short_reply() -> None:
    assert ENGLISH.step_in("Open a curtain.", BEFORE_THE_SCREEN) == (
        "Before I look at a screen in the morning, I will open a curtain."
    )


def test_a_short_reply_to_a_plain_question_is_the_step_itself() -> None:
    assert ENGLISH.step_in("Find the pen", FIRST_MOVE) == "Find the pen"


@pytest.mark.parametrize(
    "words",
    [
        "Nothing, really",
        "I don't know.",
        "I'm so tired",
        "Why would I?",
        "Everything is too much today",
        "It hurts too much to think about it",
        "Find the pen. Then the paper. Then the stamp.",
        "The garden was full of starlings this morning and I watched them until the cup was cold.",
        "After all this time, and after everything that has happened, I will " + "walk on and " * 30 + "rest.",
        "",
    ],
)
def test_what_chooses_nothing_is_never_made_a_step(words: str) -> None:
    assert ENGLISH.step_in(words, FIRST_MOVE) is None


def test_only_a_prompt_that_asks_for_a_step_gets_one() -> None:
    assert ENGLISH.step_in("Find the pen", replace(FIRST_MOVE, asks_for_step=False)) is None


@given(words=st.text(max_size=3000))
def test_a_step_is_one_line_of_the_persons_own_and_short(words: str) -> None:
    chosen = ENGLISH.step_in(words, NEARLY_SILLY)
    assert chosen is None or ("\n" not in chosen and len(chosen) <= LONGEST_STEP)


def test_german_has_its_own_book_and_other_languages_the_english_one() -> None:
    answer = step_phrases_for(BOOKS, "de").answer_in("Noch nicht, leider")
    assert answer
    assert answer.state is NOT_YET
    assert step_phrases_for(BOOKS, "nl") is ENGLISH


def test_every_locale_that_asks_for_steps_can_ask_about_them() -> None:
    for locale in LIBRARY.locales:
        asking = [prompt for prompt in LIBRARY.for_locale(locale) if prompt.asks_for_step]
        assert asking
        assert LIBRARY.follow_ups(locale)


@given(
    chosen_on=st.dates(min_value=date(2024, 1, 1), max_value=date(2040, 1, 1)),
    days=st.integers(min_value=1, max_value=0b1111111).map(Days),
    busy=st.sets(st.integers(min_value=2, max_value=4), max_size=2),
)
def test_the_follow_up_comes_two_to_four_days_later_and_never_on_a_busy_day(
    chosen_on: date, days: Days, busy: set[int]
) -> None:
    taken = {chosen_on + timedelta(days=number) for number in busy}
    on = follow_up_on(chosen_on, days, taken)
    assert 2 <= (on - chosen_on).days <= 4
    possible = {chosen_on + timedelta(days=number) for number in (2, 3, 4)} - taken
    possible = {day for day in possible if day.day != 1 and (day.month, day.day) != (1, 2)}
    if possible:
        assert on in possible
        assert on not in days or all(day in days for day in possible)


def test_a_follow_up_takes_a_day_without_a_question_where_there_is_one() -> None:
    monday = date(2026, 5, 4)
    assert follow_up_on(monday, Rhythm.THREE.days, ()) == date(2026, 5, 7)
    assert follow_up_on(monday, Rhythm.DAILY.days, ()) == date(2026, 5, 7)
    assert follow_up_on(date(2026, 5, 29), Rhythm.DAILY.days, ()) == date(2026, 5, 31)
    assert follow_up_on(date(2026, 12, 30), Rhythm.SUNDAYS.days, ()) == date(2027, 1, 3)
