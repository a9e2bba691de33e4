from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.library.prompts import KINDS, THEMES, Prompt
from service.core.month.resurfacing import AnsweredPrompt, DigestEntry, TakenStep
from service.core.month.year import MOST_PASSAGES, MOST_STEPS, MOST_WORDS, Year, make_year

QUESTION = "What would you like a little less of?"


def asked(kind: str = "question", theme: str = "rest", *, resurface: bool = True) -> Prompt:
    return Prompt("p", "en-GB", "S", theme, kind, 1, 1, resurface, None, "", "active", "Q?")


def entry(
    month: int,
    day: int = 5,
    words: str = "It rained all day.",
    prompt: AnsweredPrompt | None = None,
    *,
    year: int = 2026,
    kept_out: bool = False,
) -> DigestEntry:
    on = date(year, month, day)
    return DigestEntry(on.toordinal(), on, words, prompt or asked(), kept_out)


def made(*entries: DigestEntry, steps: tuple[TakenStep, ...] = ()) -> Year:
    year = make_year(2026, entries, QUESTION, steps=steps)
    assert year is not None
    return year


def months_quoted(year: Year) -> list[int]:
    return [passage.written_on.month for passage in year.passages]


def test_a_year_without_entries_is_none() -> None:
    assert make_year(2026, [], QUESTION) is None
    assert make_year(2026, [entry(12, year=2025), entry(1, year=2027)], QUESTION) is None


@pytest.mark.parametrize(
    ("months", "sentence"),
    [
        ([5], "You wrote in May."),
        ([3, 5], "You wrote in March and May."),
        ([3, 4, 5], "You wrote from March to May."),
        ([11, 12, 1], "You wrote in January, November and December."),
        ([1, 3, 4, 5], "You wrote in January and March to May."),
        (range(1, 13), "You wrote in every month of 2026."),
    ],
    ids=["one", "two", "a run", "both ends", "a month and a run", "all"],
)
def test_the_months_are_named_and_never_counted(months: list[int], sentence: str) -> None:
    assert made(*(entry(month) for month in months)).months_sentence == sentence


@pytest.mark.parametrize(("months", "passages"), [(1, 1), (2, 2), (6, 6), (7, 6), (12, 6)])
def test_up_to_six_passages_come_back_each_of_another_month_in_order(months: int, passages: int) -> None:
    year = made(*(entry(month, day) for month in range(1, months + 1) for day in range(1, 15)))
    assert len(year.passages) == passages
    assert months_quoted(year) == sorted(set(months_quoted(year)))


@pytest.mark.parametrize(
    "left_out",
    [
        entry(2, words="Secret words.", prompt=asked(theme="hurt")),
        entry(2, words="Secret words.", prompt=asked("words", "hurt")),
        entry(2, words="Secret words.", prompt=asked(resurface=False)),
        entry(2, words="Secret words.", prompt=asked("follow-up", "step")),
        entry(2, words="Secret words.", kept_out=True),
        entry(2, words="Secret words.", prompt=asked("words"), kept_out=True),
        DigestEntry(2, date(2026, 2, 5), "Secret words."),
    ],
    ids=["hurt", "hurt words", "not marked", "follow-up", "kept out", "words kept out", "unasked"],
)
def test_what_must_not_come_back_does_not_though_its_month_is_named(left_out: DigestEntry) -> None:
    year = made(left_out, entry(5))
    assert "Secret" not in year.to_json()
    assert year.months_sentence == "You wrote in February and May."


def test_one_entry_kept_out_leaves_the_other_passages_as_they_were() -> None:
    entries = [entry(month, day, f"Day {day} was long.") for month in range(1, 13) for day in range(1, 20)]
    before = made(*entries)
    gone = before.passages[2]
    left = [
        each if each.id != gone.entry_id else entry(each.written_on.month, each.written_on.day, kept_out=True)
        for each in entries
    ]
    after = made(*left)
    assert [passage for passage in after.passages if passage.written_on.month != gone.written_on.month] == [
        passage for passage in before.passages if passage != gone
    ]
    assert gone.entry_id not in {passage.entry_id for passage in after.passages}


def test_the_passages_of_one_year_and_another_are_of_other_months_and_days() -> None:
    chosen = set()
    for year in range(2020, 2032):
        entries = [entry(month, day, year=year) for month in range(1, 13) for day in range(1, 29)]
        again = make_year(year, reversed(entries), QUESTION)
        assert again == make_year(year, entries, QUESTION)
        assert again is not None
        chosen.add(tuple((passage.written_on.month, passage.written_on.day) for passage in again.passages))
    assert len(chosen) == 12


def test_what_chose_a_step_is_not_quoted_beside_it() -> None:
    chose = entry(2, words="After the kettle is on, I will open a window.")
    step = TakenStep(chose.words, chose.written_on, entry_id=chose.id)
    assert chose.id not in {passage.entry_id for passage in made(chose, entry(3), steps=(step,)).passages}
    assert chose.id in {passage.entry_id for passage in made(chose, entry(3)).passages}


def test_of_very_many_words_and_steps_an_even_choice_comes_back_in_order() -> None:
    entries = [
        entry(month, day, f"tired, {month}, {day}", asked("words")) for month in range(1, 13) for day in range(1, 17)
    ]
    steps = tuple(TakenStep(f"Step {place}", date(2026, 1 + place // 5, 3)) for place in range(60))
    year = made(*entries, steps=steps)
    assert len(year.words) == MOST_WORDS
    assert {words.split(", ")[1] for words in year.words} == {str(month) for month in range(1, 13)}
    assert len(year.steps) == MOST_STEPS
    assert [step.taken_on for step in year.steps] == sorted(step.taken_on for step in year.steps)
    assert year.passages == ()


PROMPTS = st.builds(asked, st.sampled_from(KINDS), st.sampled_from(THEMES), resurface=st.booleans())
ENTRIES = st.lists(
    st.builds(
        DigestEntry,
        id=st.integers(1, 2**63 - 1),
        written_on=st.dates(date(2025, 11, 1), date(2027, 2, 1)),
        words=st.text(max_size=300),
        prompt=st.none() | PROMPTS,
        kept_out=st.booleans(),
    ),
    max_size=40,
)


@given(ENTRIES)
def test_a_year_is_of_its_own_entries_and_survives_freezing(entries: list[DigestEntry]) -> None:
    year = make_year(2026, entries, QUESTION)
    of_year = [each for each in entries if each.written_on.year == 2026]
    if year is None:
        assert not of_year
        return
    assert set(year.months) == {each.written_on.replace(day=1) for each in of_year}
    assert Year.from_json(year.to_json()) == year
    assert len(year.passages) <= MOST_PASSAGES
    may_return = {each.id for each in of_year if each.may_return}
    assert {passage.entry_id for passage in year.passages} <= may_return


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"format": 2}', "not json"])
def test_what_is_no_frozen_year_is_refused_without_its_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a stored Year$") as raised:
        Year.from_json(text)
    assert raised.value.__cause__ is None


def test_no_word_shows_in_a_repr() -> None:
    year = made(entry(5, words="Secret."), entry(6, words="Secret", prompt=asked("words")))
    assert year.passages
    assert year.words
    assert "Secret" not in repr(year)
