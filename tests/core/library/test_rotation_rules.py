from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.library.prompts import THEMES, Library, Prompt
from service.core.library.rotation import History, choose, ranking
from tests.core.library.walks import LIBRARY, NO_THEME, Walk, gaps, ranked


@pytest.mark.parametrize("joined_on", [date(2026, 11, day) for day in range(2, 9)], ids=str)
def test_everybody_gets_the_fixed_six_first(joined_on: date) -> None:
    assert tuple(Walk(joined_on).days(6).prompts) == LIBRARY.first_six("en-GB")


def test_a_muted_theme_is_left_out_of_the_first_six() -> None:
    walk = Walk(date(2026, 11, 2), muted=frozenset({"noticing"})).days(5)
    assert walk.prompts == [prompt for prompt in LIBRARY.first_six("en-GB") if prompt.theme != "noticing"]


def test_after_14_silent_days_a_light_one_comes_and_before_that_any() -> None:
    walk = Walk(date(2026, 11, 2), answers_every=0).days(100)
    silent = [prompt for on, prompt in walk.sent if (on - walk.joined_on).days >= 14]
    assert all(prompt.is_light for prompt in silent)
    assert not all(prompt.is_light for prompt in Walk(date(2026, 11, 2), answers_every=2).days(100).prompts)


def test_one_reply_ends_the_light_time() -> None:
    walk = Walk(date(2026, 11, 2), answers_every=0).days(60)
    walk.answered, walk.last_answered_on = 1, walk.sent[-1][0]
    after = [walk.receive(walk.sent[-1][0] + timedelta(days=1)) for _ in range(13)]
    assert not all(prompt.is_light for prompt in after)


def test_a_person_with_every_theme_muted_still_gets_a_prompt() -> None:
    assert len(Walk(date(2026, 11, 2), muted=frozenset(THEMES)).days(40).prompts) == 40


def pick(on: date, history: History | None = None, *, sent: int = 50, answered: int = 9) -> Prompt:
    """Return the choice for somebody who joined a year ago and answered yesterday."""
    return choose(
        LIBRARY,
        ranked(on, "en-GB"),
        on,
        history or History(),
        muted=NO_THEME,
        sent=sent,
        answered=answered,
        last_answered_on=on - timedelta(days=1),
        joined_on=on - timedelta(days=365),
    )


YEAR = [date(2027, 1, 1) + timedelta(days=number) for number in range(365)]


@pytest.mark.parametrize(
    ("sent", "answered", "comes"),
    [
        pytest.param(9, 9, False, id="nine sent"),
        pytest.param(50, 2, False, id="two answered"),
        pytest.param(10, 3, True, id="ten sent and three answered"),
    ],
)
def test_depth_3_waits_for_ten_sent_and_three_answered(sent: int, answered: int, comes: bool) -> None:
    assert any(pick(on, sent=sent, answered=answered).depth == 3 for on in YEAR) is comes


def test_depth_3_never_follows_depth_3_however_long_ago() -> None:
    deep = next(prompt for prompt in LIBRARY.for_locale("en-GB") if prompt.depth == 3 and prompt.theme == "rest")
    last = [History().adding(deep.id, on - timedelta(days=40)) for on in YEAR]
    assert all(pick(on, history).depth < 3 for on, history in zip(YEAR, last, strict=True))


@pytest.mark.parametrize("month", range(1, 7))
def test_depth_3_never_comes_into_silence_even_where_nothing_light_is_left(month: int) -> None:
    walk = Walk(date(2026, month, 2), answers_every=2).days(20)
    walk.answers_every = 0
    silent_from = walk.sent[-1][0] + timedelta(days=14)
    quiet = [walk.receive(silent_from + timedelta(days=number)) for number in range(400)]
    assert not all(prompt.is_light for prompt in quiet)
    assert all(prompt.depth < 3 for prompt in quiet)


@pytest.mark.parametrize("theme", THEMES)
def test_one_theme_alone_keeps_30_days_between_repeats(theme: str) -> None:
    walk = Walk(date(2026, 11, 2), muted=frozenset(THEMES) - {theme}).days(120)
    assert {prompt.theme for prompt in walk.prompts} == {theme}
    assert min(gaps(walk.sent)) >= 30


def test_30_days_weigh_more_than_a_change_of_theme_and_kind() -> None:
    last, old, recent = (LIBRARY.get(name) for name in ("your-seat", "one-switch", "worst-job"))
    assert last is not None
    assert old is not None
    assert recent is not None
    assert (last.theme, last.kind) == (old.theme, old.kind)
    on = date(2027, 5, 5)
    history = History().adding(old.id, on - timedelta(days=31)).adding(recent.id, on - timedelta(days=29))
    few = Library([last, old, recent])
    prompt = choose(
        few,
        ranking(few, on, "en-GB"),
        on,
        history.adding(last.id, on - timedelta(days=1)),
        muted=NO_THEME,
        sent=50,
        answered=9,
        last_answered_on=on,
        joined_on=on,
    )
    assert prompt is old


def test_eight_prompts_take_turns() -> None:
    walk = Walk(date(2026, 11, 2), muted=frozenset(THEMES) - {"work"}, locale="de").days(100)
    assert len({prompt.id for prompt in walk.prompts[20:28]}) >= 6
    assert min(gaps(walk.sent)) >= 3


def test_a_small_locale_is_used_up_before_it_repeats() -> None:
    walk = Walk(date(2026, 11, 2), rhythm=frozenset({0, 2, 4}), locale="de").days(500)
    assert min(gaps(walk.sent)) >= 105


def test_a_tiny_library_gives_way_and_always_has_a_prompt() -> None:
    tiny = Library(prompt for prompt in LIBRARY.first_six("en-GB")[:2])
    history = History()
    for on in YEAR[:20]:
        prompt = choose(
            tiny,
            ranking(tiny, on, "en-GB"),
            on,
            history,
            muted=frozenset({"body"}),
            sent=20,
            answered=0,
            last_answered_on=None,
            joined_on=YEAR[0],
        )
        history = history.adding(prompt.id, on)
        assert prompt.theme == "noticing"


def test_an_empty_ranking_is_refused() -> None:
    with pytest.raises(ValueError, match="no prompt to choose from"):
        choose(
            LIBRARY,
            (),
            date(2026, 11, 2),
            History(),
            muted=NO_THEME,
            sent=0,
            answered=0,
            last_answered_on=None,
            joined_on=date(2026, 11, 2),
        )


@given(entries=st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1)), max_size=200))
def test_a_history_reads_back_what_it_wrote(entries: list[tuple[int, int]]) -> None:
    history = History(tuple(entries))
    assert History.parse(history.text) == history
    assert len(history.text) == 8 * len(entries)


@pytest.mark.parametrize("text", ["AAA", "AAAA", "not a history", "ÄÄÄÄÄÄÄÄ", "AAAAAAAA\n"])
def test_what_is_no_history_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a history"):
        History.parse(text)


def test_a_daily_persons_history_stays_small_and_keeps_the_last_one_however_old() -> None:
    walk = Walk(date(2026, 1, 1)).days(500)
    assert len(walk.history.text) <= 1440
    later = walk.history.adding("a-window", date(2030, 1, 1))
    assert len(later.entries) == 1
    assert len(later.adding("a-window", date(2030, 1, 2)).entries) == 1
