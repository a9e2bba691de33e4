import json
from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.library.prompts import KINDS, THEMES, Prompt
from service.core.month.digest import MOST_WORDS, Digest, make_digest
from service.core.month.resurfacing import AnsweredPrompt, DigestEntry, TakenStep
from service.core.month.thread import Thread
from service.core.text.sentences import sentences

MAY = date(2026, 5, 1)
QUESTION = "What would you like a little less of?"


def asked(kind: str = "question", theme: str = "rest", *, resurface: bool = True) -> Prompt:
    return Prompt("p", "en-GB", "S", theme, kind, 1, 1, resurface, None, "", "active", "Q?")


def entry(
    day: int,
    words: str = "It rained all day.",
    prompt: AnsweredPrompt | None = None,
    *,
    entry_id: int = 0,
    kept_out: bool = False,
) -> DigestEntry:
    return DigestEntry(entry_id or day, MAY.replace(day=day), words, prompt or asked(), kept_out)


def made(*entries: DigestEntry) -> Digest:
    digest = make_digest(MAY, entries, QUESTION)
    assert digest is not None
    return digest


def texts(digest: Digest) -> list[str]:
    return [passage.text for passage in digest.passages]


def test_a_month_without_entries_has_no_digest() -> None:
    assert make_digest(MAY, [], QUESTION) is None
    assert make_digest(MAY, [DigestEntry(1, date(2026, 4, 30), "Late.", asked())], QUESTION) is None


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ([14], "You wrote on the 14th."),
        ([2, 5, 9], "You wrote on the 2nd, 5th and 9th."),
        ([3, 4, 5], "You wrote from the 3rd to the 5th."),
        ([1, 3, 4, 5], "You wrote on the 1st and 3rd to 5th."),
        (range(1, 32), "You wrote on every day of May."),
    ],
    ids=["one", "three", "a run", "a day and a run", "all"],
)
def test_the_days_are_named_and_never_counted(days: list[int], sentence: str) -> None:
    assert made(*(entry(day) for day in days)).days_sentence == sentence


def test_a_calendar_comes_from_four_days_on_with_weeks_from_monday() -> None:
    assert made(entry(1), entry(2), entry(3)).weeks == ()
    weeks = made(entry(1), entry(2), entry(3), entry(31)).weeks
    assert weeks[0] == (0, 0, 0, 0, 1, 2, 3)
    assert weeks[-1] == (25, 26, 27, 28, 29, 30, 31)


def test_three_word_replies_come_back_word_for_word_and_in_order() -> None:
    words = asked("words", "body")
    digest = made(entry(9, "heavy, Sunday, soup", words), entry(2, " tired \n late\n\nsoup, ", words))
    assert digest.words == ("tired, late, soup", "heavy, Sunday, soup")
    assert digest.passages == ()


def test_a_long_reply_to_a_three_word_prompt_is_a_passage() -> None:
    long = "Tired, mostly, and glad that the week is over and nobody needs anything tonight."
    digest = made(entry(2, long, asked("words")))
    assert digest.words == ()
    assert texts(digest) == [long]


@pytest.mark.parametrize(
    ("said", "are_words"),
    [
        pytest.param("tired, grateful, late", True, id="a list"),
        pytest.param("Tired. Grateful. Late.", True, id="full stops between them"),
        pytest.param("tired grateful late", True, id="nothing between them"),
        pytest.param("Kettle, bus and the rain", True, id="and"),
        pytest.param("a bit tired\nquite late\nnot so cross", True, id="a line each"),
        pytest.param("müde und satt", True, id="another language"),
        pytest.param("静か、雨、眠い", True, id="no spaces"),
        pytest.param("Very tired.", True, id="two words"),
        pytest.param("Here the lamp hums and I listened.", False, id="a sentence"),
        pytest.param("the lamp hums and I listened", False, id="a sentence without its full stop"),
        pytest.param("I am tired.", False, id="three words that are a sentence"),
        pytest.param("Well, it was a long day at work", False, id="a sentence with a comma"),
    ],
)
def test_words_that_were_chosen_are_words_and_not_a_sentence(said: str, are_words: bool) -> None:
    digest = made(entry(2, said, asked("words")))
    assert bool(digest.words) == are_words
    assert bool(digest.passages) != are_words


@pytest.mark.parametrize(
    "left_out",
    [
        entry(2, "Secret words.", asked(theme="hurt")),
        entry(2, "Secret words.", asked("words", "hurt")),
        entry(2, "Secret words.", asked(resurface=False)),
        entry(2, "Secret words.", asked("words", resurface=False)),
        entry(2, "Secret words.", asked("follow-up", "step")),
        entry(2, "Secret words.", kept_out=True),
        entry(2, "Secret words.", asked("words"), kept_out=True),
        DigestEntry(2, MAY.replace(day=2), "Secret words."),
    ],
    ids=["hurt", "hurt words", "not marked", "not marked words", "follow-up", "kept out", "words kept out", "unasked"],
)
def test_what_must_not_come_back_does_not_though_its_day_is_named(left_out: DigestEntry) -> None:
    digest = made(left_out, entry(5))
    assert "Secret" not in digest.to_json()
    assert digest.days_sentence == "You wrote on the 2nd and 5th."
    old = replace(left_out, written_on=left_out.written_on.replace(year=2025))
    alone = make_digest(MAY, [entry(5)], QUESTION, year_before=[old])
    assert alone is not None
    assert alone.then_and_now is None


@pytest.mark.parametrize(("entries", "passages"), [(1, 1), (2, 2), (4, 2), (5, 3), (9, 3), (10, 4), (31, 4)])
def test_two_to_four_passages_come_back_in_order_of_date(entries: int, passages: int) -> None:
    digest = made(*(entry(day) for day in range(1, entries + 1)))
    assert len(digest.passages) == passages
    days = [passage.written_on for passage in digest.passages]
    assert days == sorted(days)


def test_passages_are_of_different_days_while_there_are_enough() -> None:
    same_day = [entry(2, f"Thing number {place}.", entry_id=100 + place) for place in range(20)]
    days = {passage.written_on.day for passage in made(*same_day, entry(5), entry(9), entry(12)).passages}
    assert days == {2, 5, 9, 12}


def test_the_same_month_gives_the_same_digest_in_any_order_and_another_varies() -> None:
    entries = [entry(day, f"One of {day}. Two of {day}. Three.") for day in range(1, 29)]
    assert made(*entries) == made(*reversed(entries))
    chosen = set()
    for month in range(1, 13):
        moved = [
            DigestEntry(each.id, each.written_on.replace(month=month), each.words, each.prompt) for each in entries
        ]
        digest = make_digest(date(2026, month, 1), moved, QUESTION)
        assert digest is not None
        chosen.add(tuple(passage.entry_id for passage in digest.passages))
    assert len(chosen) > 6


def test_steps_taken_are_named_on_one_line() -> None:
    step = TakenStep("After I lock up,\n I will  breathe. " + "x" * 200, MAY)
    digest = make_digest(MAY, [entry(5)], QUESTION, steps=[step])
    assert digest is not None
    assert digest.steps[0].words.startswith("After I lock up, I will breathe. x")
    assert len(digest.steps[0].words) == 120


def test_what_chose_a_step_is_not_quoted_beside_it() -> None:
    words = "After the kettle is on, I will open a window."
    chose, other = entry(3, words, entry_id=3), entry(4, "Soup, slowly.", entry_id=4)
    step = TakenStep(words, MAY.replace(day=6), entry_id=3)
    digest = make_digest(MAY, [chose, other], QUESTION, steps=[step])
    assert digest
    assert [taken.words for taken in digest.steps] == [words]
    assert texts(digest) == ["Soup, slowly."]
    assert Digest.from_json(digest.to_json()).steps[0].entry_id == chose.id
    assert texts(made(chose, other)) == [words, "Soup, slowly."]


def old(day: int, words: str, *, year: int = 2025, month: int = 5, kept_out: bool = False) -> DigestEntry:
    return DigestEntry(1000 + day, date(year, month, day), words, asked(), kept_out)


def looked_back(*entries: DigestEntry, to: date = MAY) -> Digest:
    moved = replace(entry(5), written_on=to.replace(day=5))
    digest = make_digest(to, [moved], QUESTION, year_before=entries)
    assert digest is not None
    return digest


def test_a_year_ago_comes_back_where_it_may() -> None:
    back = looked_back(old(3, "Only for me.", kept_out=True), old(12, "The lilac came out.")).then_and_now
    assert back is not None
    assert (back.text, back.written_on) == ("The lilac came out.", date(2025, 5, 12))


@pytest.mark.parametrize(
    "other",
    [old(12, "Lilac.", year=2024), old(12, "Lilac.", year=2026), old(12, "Lilac.", month=4)],
    ids=["two years before", "this very month", "a year before, another month"],
)
def test_only_the_same_month_of_the_year_before_comes_back(other: DigestEntry) -> None:
    assert looked_back(other).then_and_now is None


def test_which_day_of_a_year_ago_comes_back_varies_and_is_the_same_when_it_is_made_again() -> None:
    chosen = []
    for month in range(1, 13):
        entries = [old(day, f"Day {day} was long.", month=month) for day in range(1, 29)]
        digest = looked_back(*entries, to=date(2026, month, 1))
        assert digest == looked_back(*reversed(entries), to=date(2026, month, 1))
        assert digest.then_and_now is not None
        chosen.append(digest.then_and_now.written_on.day)
    assert len(set(chosen)) > 6


def test_an_entry_of_a_year_ago_that_cannot_be_quoted_gives_way_to_another() -> None:
    entries = [old(day, "x" * 400) for day in range(1, 20)] + [old(20, "The lilac came out.")]
    back = looked_back(*entries).then_and_now
    assert back is not None
    assert back.written_on.day == 20


def test_a_thread_is_named_with_its_days_and_is_in_no_frozen_copy() -> None:
    thread = Thread("Priya", (MAY.replace(day=3), MAY.replace(day=9), MAY.replace(day=20)))
    digest = make_digest(MAY, [entry(5)], QUESTION, thread=thread)
    assert digest is not None
    assert digest.thread_days == "3rd, 9th and 20th"
    assert "Priya" not in digest.to_json()
    assert "Priya" not in repr(digest)
    assert Digest.from_json(digest.to_json()) == replace(digest, thread=None)


def test_a_copy_that_was_frozen_before_it_named_its_language_is_read() -> None:
    frozen = json.loads(made(entry(5)).to_json())
    assert "thread" not in frozen
    del frozen["locale"]
    assert Digest.from_json(json.dumps(frozen)) == made(entry(5))


def test_two_hundred_entries_still_make_one_quiet_page() -> None:
    month = [entry(1 + place % 31, "tired, late, soup", asked("words"), entry_id=place + 1) for place in range(150)]
    month += [entry(1 + place % 31, "The bus was late. I read.", entry_id=1000 + place) for place in range(50)]
    digest = made(*month)
    assert len(digest.words) == MOST_WORDS
    assert len(digest.passages) == 4
    assert digest.days_sentence == "You wrote on every day of May."


PROMPTS = st.builds(asked, st.sampled_from(KINDS), st.sampled_from(THEMES), resurface=st.booleans())
ENTRIES = st.lists(
    st.builds(
        DigestEntry,
        id=st.integers(1, 2**63 - 1),
        written_on=st.dates(date(2024, 1, 15), date(2024, 3, 15)),
        words=st.text(max_size=300),
        prompt=st.none() | PROMPTS,
        kept_out=st.booleans(),
    ),
    max_size=40,
)


@given(st.sampled_from([date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)]), ENTRIES)
def test_a_digest_is_of_its_month_and_survives_freezing(month: date, entries: list[DigestEntry]) -> None:
    digest = make_digest(month, entries, QUESTION)
    last = month + timedelta(days=monthrange(month.year, month.month)[1] - 1)
    of_month = [each for each in entries if month <= each.written_on <= last]
    if digest is None:
        assert not of_month
        return
    assert set(digest.days) == {each.written_on for each in of_month}
    assert Digest.from_json(digest.to_json()) == digest
    for passage in digest.passages:
        own = [each for each in of_month if each.id == passage.entry_id and not each.kept_out]
        assert any(passage.text.split(" ")[0] in " ".join(map(" ".join, sentences(each.words))) for each in own)


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"format": 2}', "not json"])
def test_what_is_no_frozen_digest_is_refused_without_its_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a stored Digest$") as raised:
        Digest.from_json(text)
    assert raised.value.__cause__ is None


def test_no_word_shows_in_a_repr() -> None:
    step = TakenStep("Secret step", MAY)
    digest = make_digest(MAY, [entry(2, "Secret.")], QUESTION, steps=[step], year_before=[old(3, "Secret.")])
    assert "Secret" not in repr(digest) + repr(step) + repr(entry(2, "Secret."))
