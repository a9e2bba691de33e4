from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.library.prompts import KINDS, THEMES, Library, Prompt
from service.core.library.rotation import ranking
from tests.core.library.walks import DAILY, LIBRARY, NO_THEME, Walk, gaps

FRIDAY = 4
STARTS = st.dates(date(2026, 1, 1), date(2029, 12, 31))
RHYTHMS = st.one_of(
    st.sampled_from([frozenset({0, 2, 4}), frozenset({6}), DAILY]),
    st.frozensets(st.integers(0, 6), min_size=1),
)
WALKS = st.builds(
    Walk,
    joined_on=STARTS,
    rhythm=RHYTHMS,
    muted=st.one_of(st.just(NO_THEME), st.frozensets(st.sampled_from(THEMES), max_size=1)),
    answers_every=st.integers(0, 9),
)


def seen(walk: Walk) -> Iterator[tuple[date, Prompt]]:
    """Yield what a person reads: each prompt, and the lighter one in the same email."""
    for on, prompt in walk.sent:
        yield on, prompt
        if prompt.lighter is not None:
            twin = LIBRARY.get(prompt.lighter)
            assert twin is not None
            yield on, twin


@settings(max_examples=25, deadline=None)
@given(walk=WALKS)
def test_no_prompt_comes_twice_within_180_days_in_any_rhythm(walk: Walk) -> None:
    assert min(gaps(seen(walk.days(760))), default=180) >= 180


@settings(max_examples=25, deadline=None)
@given(walk=WALKS)
def test_neighbours_differ_in_theme_and_kind_and_muted_themes_never_come(walk: Walk) -> None:
    walk.days(400)
    assert all(one.theme != other.theme and one.kind != other.kind for one, other in pairwise(walk.prompts))
    assert not {prompt.theme for prompt in walk.prompts} & walk.muted
    assert "follow-up" not in {prompt.kind for prompt in walk.prompts}


@settings(max_examples=25, deadline=None)
@given(walk=WALKS)
def test_depth_waits_and_comes_seldom_and_never_on_a_friday(walk: Walk) -> None:
    walk.days(400)
    deep = [(number, on) for number, (on, prompt) in enumerate(walk.sent) if prompt.depth == 3]
    assert all(number >= 10 and on.weekday() != FRIDAY for number, on in deep)
    assert all((later - on).days >= 14 and after > number + 1 for (number, on), (after, later) in pairwise(deep))
    if walk.answers_every == 0:
        assert deep == []
    else:
        assert all(number >= 3 * walk.answers_every for number, _ in deep)


@settings(max_examples=15, deadline=None)
@given(walk=WALKS)
def test_gratitude_comes_at_most_weekly(walk: Walk) -> None:
    grateful = [on for on, prompt in walk.days(400).sent if prompt.gratitude]
    assert all((later - on).days >= 7 for on, later in pairwise(grateful))


@settings(max_examples=25, deadline=None)
@given(joined_on=STARTS, rhythm=RHYTHMS, muted=st.frozensets(st.sampled_from(THEMES), min_size=2, max_size=7))
def test_with_most_themes_muted_no_prompt_comes_again_within_30_days(
    joined_on: date, rhythm: frozenset[int], muted: frozenset[str]
) -> None:
    walk = Walk(joined_on, rhythm=rhythm, muted=muted).days(400)
    assert min(gaps(walk.sent), default=30) >= 30
    assert not {prompt.theme for prompt in walk.prompts} & muted
    assert len(muted) == 7 or all(one.theme != other.theme for one, other in pairwise(walk.prompts))


@settings(max_examples=15, deadline=None)
@given(joined_on=STARTS, rhythm=RHYTHMS, muted=st.sampled_from([NO_THEME, *(frozenset({theme}) for theme in THEMES)]))
def test_a_small_locale_repeats_only_as_soon_as_it_must(
    joined_on: date, rhythm: frozenset[int], muted: frozenset[str]
) -> None:
    walk = Walk(joined_on, rhythm=rhythm, muted=muted, locale="de").days(400)
    assert min(gaps(walk.sent), default=30) >= 30
    assert all(one.theme != other.theme and one.kind != other.kind for one, other in pairwise(walk.prompts))


@given(on=st.dates(date(1990, 1, 1), date(2199, 12, 31)))
@settings(max_examples=30, deadline=None)
def test_a_ranking_holds_every_prompt_of_the_locale_once_but_follow_ups(on: date) -> None:
    prompts = ranking(LIBRARY, on, "en-GB")
    assert prompts == ranking(LIBRARY, on, "en-GB")
    wanted = {prompt.id for prompt in LIBRARY.for_locale("en-GB") if prompt.kind != "follow-up"}
    assert sorted(prompt.id for prompt in prompts) == sorted(wanted)


def test_one_prompt_more_leaves_the_ranking_of_the_others_as_it_was() -> None:
    every = [LIBRARY.get(prompt.id) for prompt in LIBRARY.for_locale("en-GB")]
    fewer = Library(prompt for prompt in every if prompt is not None and prompt.id != "a-window")
    on = date(2027, 5, 5)
    assert ranking(fewer, on, "en-GB") == tuple(p for p in ranking(LIBRARY, on, "en-GB") if p.id != "a-window")


def test_people_who_joined_on_different_days_soon_share_their_prompts() -> None:
    early = dict(Walk(date(2026, 1, 1), rhythm=frozenset({0, 2, 4})).days(500).sent)
    late = dict(Walk(date(2026, 12, 1), rhythm=frozenset({0, 2, 4})).days(160).sent)
    shared = [early[on] == late[on] for on in late if on in early and on >= date(2027, 1, 15)]
    assert len(shared) > 40
    assert sum(shared) > 0.75 * len(shared)


def test_years_bring_most_of_the_library() -> None:
    walk = Walk(date(2026, 1, 1), rhythm=frozenset({0, 2, 4})).days(1200)
    assert len({prompt.id for prompt in walk.prompts}) > 200
    assert {prompt.kind for prompt in walk.prompts} == set(KINDS) - {"follow-up"}
