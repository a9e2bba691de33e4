import random
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.config import ROOT
from service.core.library.prompts import Prompt
from service.core.month.resurfacing import DigestEntry
from service.core.month.thread import FEWEST_DAYS, Thread, find_thread
from service.core.text.lexicon import Lexicon
from tests.harness.cpu import costs_less_than

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
COMMON = Lexicon.parse((ROOT / "templates" / "prompts" / "words.toml").read_text("utf-8")).ordinary
PLAIN = "Soup again."


def asked(kind: str = "question", theme: str = "rest", *, resurface: bool = True) -> Prompt:
    return Prompt("p", "en-GB", "S", theme, kind, 1, 1, resurface, None, "", "active", "Q?")


def written(month: date, day: int, words: str, prompt: Prompt | None = None, *, kept_out: bool = False) -> DigestEntry:
    on = month.replace(day=day)
    return DigestEntry(on.toordinal(), on, words, prompt or asked(), kept_out)


def month_of(month: date, *texts: str) -> list[DigestEntry]:
    """One entry a day from the 1st on."""
    return [written(month, day, words) for day, words in enumerate(texts, start=1)]


def before(*more: DigestEntry) -> list[DigestEntry]:
    """Ten ordinary days in each of the two months before, and the given days."""
    return [*month_of(MARCH, *[PLAIN] * 10), *month_of(APRIL, *[PLAIN] * 10), *more]


def on_days(words: str, *days: int) -> list[DigestEntry]:
    return [written(MAY, day, words) for day in days]


def shown(month: Sequence[DigestEntry], earlier: Sequence[DigestEntry] | None = None) -> str | None:
    thread = find_thread(month, before() if earlier is None else earlier, COMMON)
    return None if thread is None else thread.word


def test_a_name_that_came_back_is_shown_with_its_days() -> None:
    month = [*on_days("Tea with Priya.", 20, 3, 9), written(MAY, 12, "Rain.")]
    assert find_thread(month, before(), COMMON) == Thread("Priya", tuple(MAY.replace(day=day) for day in (3, 9, 20)))


def test_two_days_are_no_thread_however_often_the_word_stands_in_them() -> None:
    assert shown(on_days("Priya and Priya, with Priya.", 3, 9)) is None
    twice_a_day = [DigestEntry(number, MAY, "Tea with Priya.", asked()) for number in range(1, 6)]
    assert shown(twice_a_day) is None


@pytest.mark.parametrize(
    ("earlier", "now", "is_shown"),
    [(0, 3, True), (1, 3, True), (2, 4, False), (2, 5, True), (3, 6, False), (3, 7, True)],
)
def test_it_comes_on_more_than_twice_the_days_of_the_fullest_earlier_month(
    earlier: int, now: int, *, is_shown: bool
) -> None:
    came = [written(APRIL, 11 + day, "Tea with Priya.") for day in range(earlier)]
    month = on_days("Tea with Priya.", *range(1, now + 1))
    assert (shown(month, before(*came)) == "Priya") is is_shown


def test_it_takes_two_earlier_months_and_as_many_days_written_as_this_one() -> None:
    month = on_days("Tea with Priya.", 3, 9, 20)
    assert shown(month, []) is None
    assert shown(month, month_of(APRIL, *[PLAIN] * 20)) is None
    assert shown(month, [*month_of(MARCH, PLAIN), *month_of(APRIL, PLAIN)]) is None
    assert shown(month, [*month_of(MARCH, PLAIN, PLAIN), *month_of(APRIL, PLAIN)]) == "Priya"


def test_what_stood_in_most_of_few_earlier_entries_is_ordinary_and_stays_out() -> None:
    earlier = [written(date(2026, month, 1), day, "Pero bueno.") for month in range(1, 5) for day in range(1, 4)]
    assert shown(on_days("Pero tranquilo.", *range(1, 13)), earlier) == "tranquilo"
    assert shown(on_days("Pero bueno.", *range(1, 13)), earlier) is None


@pytest.mark.parametrize(
    "hidden",
    [
        {"kept_out": True},
        {"prompt": asked(theme="hurt")},
        {"prompt": asked(resurface=False)},
        {"prompt": asked("follow-up")},
    ],
    ids=["kept out", "hurt", "not to resurface", "follow-up"],
)
def test_words_that_may_not_return_count_in_no_month(hidden: dict[str, object]) -> None:
    def hide(entry: DigestEntry) -> DigestEntry:
        prompt, kept_out = hidden.get("prompt", entry.prompt), bool(hidden.get("kept_out"))
        assert isinstance(prompt, Prompt)
        return DigestEntry(entry.id, entry.written_on, entry.words, prompt, kept_out)

    month = on_days("Tea with Priya.", 3, 9, 20)
    assert shown(month) == "Priya"
    assert shown([*month[:2], hide(month[2])]) is None
    assert shown([hide(entry) for entry in month]) is None
    assert shown(month, [hide(entry) for entry in before()]) is None
    came = month_of(APRIL, *["Tea with Priya."] * 10)
    assert shown(month, before(*came)) is None
    assert shown(month, before(*map(hide, came))) == "Priya"


def test_what_nobody_asked_for_does_not_count() -> None:
    assert shown([DigestEntry(e.id, e.written_on, e.words) for e in on_days("Tea with Priya.", 3, 9, 20)]) is None


def test_a_name_goes_before_a_plain_word_of_more_days() -> None:
    month = [*on_days("The garden, with Priya.", 3, 9, 20), *on_days("The garden.", 21, 22)]
    assert shown(month) == "Priya"
    assert shown(on_days("The garden, with our neighbour.", 3, 9, 20)) == "garden"


def test_of_two_names_the_one_of_more_days_is_shown_then_the_first() -> None:
    both = on_days("With Priya and Leon.", 3, 9, 20)
    assert shown(both) == "Priya"
    assert shown([*both, *on_days("With Leon.", 25)]) == "Leon"


def test_the_first_is_the_first_of_the_days_and_not_of_the_rows() -> None:
    month = [*on_days("With Leon.", 4, 10, 21), *on_days("With Priya.", 3, 9, 20)]
    assert shown(month) == shown(month[::-1]) == "Priya"


def test_it_is_shown_as_it_is_written_most_often() -> None:
    assert shown([*on_days("with priya", 1), *on_days("With PRIYA.", 2), *on_days("With Priya.", 3, 4)]) == "Priya"
    assert shown([*on_days("Garden.", 1, 2, 3), *on_days("In the garden.", 4)]) == "garden"
    assert shown(on_days("Bread. ", 1, 2, 3)) == "Bread"


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (["Aunt Rosa rang.", "With Aunt Rosa.", "To Aunt Rosa’s."], "Aunt Rosa"),
        (["Aunt Rosa rang.", "With Aunt Rosa.", "Rosa slept."], "Rosa"),
        (["Aunt May. Aunt Rosa.", "With Aunt Rosa.", "To Aunt Rosa."], "Aunt Rosa"),
        (["With Dr. Shah.", "To Dr. Shah.", "Dr. Shah rang."], "Dr. Shah"),
        (["New York was loud.", "In New York.", "New York, New Year."], "New York"),
        (["Then Rosa came.", "Then Rosa left.", "Then Rosa slept."], "Rosa"),
        (["With Rosa, Leon left.", "With Rosa, Leon came.", "With Rosa, Leon slept."], "Rosa"),
        (["At Rosa 3 Leon.", "At Rosa 3 Leon.", "At Rosa 3 Leon."], "Rosa"),
    ],
    ids=[
        "always",
        "not always",
        "the other half has others",
        "a title",
        "a common half",
        "a beginning",
        "a comma",
        "a figure",
    ],
)
def test_two_names_that_always_come_together_are_one(texts: list[str], word: str) -> None:
    assert shown(month_of(MAY, *texts)) == word


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("I don’t know what I’ll do, but it’s been a day.", id="English"),
        pytest.param("Heute habe ich wieder nicht gewusst, warum das so ist.", id="German"),
        pytest.param("On Sunday. In May. Am Montag.", id="days and months"),
        pytest.param("at 12:30, 9 km, 2nd, ok, x", id="figures and short words"),
        pytest.param("今日は疲れた。公園を歩いた。", id="Japanese"),
        pytest.param("วันนี้เหนื่อยมาก", id="Thai"),
        pytest.param("😴🫖❤️‍🔥 ... !!!", id="emoji and punctuation"),
        pytest.param("https://a.example/priya ana@example.com www.example.com/garden", id="links"),
    ],
)
def test_a_passage_that_says_nothing_is_never_shown(text: str) -> None:
    assert shown(on_days(text, 3, 9, 20, 21)) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Heute mit Tante Rosa.", "Tante Rosa"),
        ("היום עם שרה", "היום"),
        ("Σήμερα με τη Μαρία", "Μαρία"),
        ("माँ और दादी", "दादी"),
        ("Tea with Zoe\u0308.", "Zoë"),
    ],
    ids=["German", "Hebrew", "Greek", "Hindi", "a loose mark"],
)
def test_other_scripts_are_read_as_well(text: str, word: str) -> None:
    assert shown(on_days(text, 3, 9, 20)) == word


def test_an_ordinary_year_in_any_language_says_nothing_where_no_list_knows_it() -> None:
    sentence = "y entonces me fui a casa porque estaba cansada"
    earlier = [written(date(2026, month, 1), day, sentence) for month in range(1, 5) for day in range(1, 8)]
    assert find_thread(on_days(sentence, *range(1, 15)), earlier, frozenset()) is None


def test_a_repr_shows_no_word() -> None:
    assert "Priya" not in repr(find_thread(on_days("Tea with Priya.", 3, 9, 20), before(), COMMON))


_TEXTS = st.lists(
    st.sampled_from(
        ["Priya", "priya", "Aunt Rosa", "garden", "the", "I’m", "soup.", "Rain", "語", "é\u0301", "🙂", "\ud800"]
    ),
    max_size=6,
).map(" ".join)
_PROMPTS = st.sampled_from([asked(), asked("words"), asked(theme="hurt"), asked(resurface=False)])


def _entries(first: date, last: date) -> st.SearchStrategy[list[DigestEntry]]:
    entry = st.builds(
        DigestEntry,
        st.integers(1, 10**6),
        st.dates(first, last),
        _TEXTS,
        _PROMPTS,
        st.sampled_from([False, False, False, True]),
    )
    return st.lists(entry, max_size=25, unique_by=lambda each: each.id)


@given(
    _entries(MAY, date(2026, 5, 31)), _entries(date(2026, 1, 1), date(2026, 4, 30)), st.randoms(use_true_random=False)
)
def test_a_thread_keeps_every_rule_and_the_order_of_its_entries_is_no_matter(
    month: list[DigestEntry], earlier: list[DigestEntry], chance: random.Random
) -> None:
    thread = find_thread(month, earlier, COMMON)
    assert thread == find_thread(chance.sample(month, len(month)), chance.sample(earlier, len(earlier)), COMMON)
    if thread is not None:
        word = thread.word.casefold()
        of_word = [e for e in month if word in e.words.casefold() and e.may_return]
        assert set(thread.days) == {e.written_on for e in of_word}
        assert list(thread.days) == sorted(set(thread.days))
        assert len(thread.days) >= FEWEST_DAYS
        assert word not in COMMON
        came = {e.written_on for e in earlier if word in e.words.casefold() and e.may_return}
        for first in {day.replace(day=1) for day in came}:
            assert len(thread.days) > 2 * len([day for day in came if day.replace(day=1) == first])


@given(_entries(MAY, date(2026, 5, 31)), _entries(date(2026, 1, 1), date(2026, 4, 30)))
def test_what_may_not_return_could_as_well_not_be_there(month: list[DigestEntry], earlier: list[DigestEntry]) -> None:
    kept_month, kept_earlier = ([entry for entry in entries if entry.may_return] for entries in (month, earlier))
    assert find_thread(month, earlier, COMMON) == find_thread(kept_month, kept_earlier, COMMON)


def test_many_large_entries_are_read_in_time() -> None:
    chance = random.Random(1)
    large = " ".join(f"{chance.choice(('Then', 'then'))} wörd{'a' * (number % 30)}." for number in range(20_000))
    month = on_days(large[:256_000], *range(1, 13))
    earlier = [DigestEntry(n, MARCH + timedelta(days=n), large, asked()) for n in range(60)]
    assert costs_less_than(20.0, lambda: find_thread(month, earlier, COMMON))  # about 2 s
