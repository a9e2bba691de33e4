"""Checks on all prompts of a locale together: enough of each sort, no two alike, six to start with."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final

from service.core.library.prompts import DEFAULT_LOCALE, DEPTHS, KINDS, THEMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.core.library.prompts import Prompt
    from service.core.text.lexicon import Lexicon

FEWEST_PROMPTS: Final = 60
FEWEST_PROMPTS_DEFAULT: Final = 240
FEWEST_A_THEME: Final = 6
FEWEST_KINDS_A_THEME: Final = 4
FEWEST_A_KIND: Final = 3
FEWEST_ASKING_FOR_STEP: Final = 3
MOST_SHARE_OF_A_KIND: Final = 0.4
OPENING: Final = (1, 2, 3, 4, 5, 6)
ALIKE: Final = 0.5
FEWEST_STEMS_ALIKE: Final = 2

MOST_SHARE_OF_A_HABIT: Final = 1 / 12
# What tires a reader who meets it every week: a shown phrase, and every form of it, by language.
_HABITS: Final = {
    "en": (
        ("which three", re.compile(r"\bwhich three\b", re.IGNORECASE)),
        ("finish the line", re.compile(r"\bfinish the line\b|\bhow does the line go on\b", re.IGNORECASE)),
    )
}

_TOKEN: Final = re.compile(r"[^\W\d_]+")
_ENDINGS: Final = {
    "en": ("ings", "ing", "ers", "er", "ed", "es", "ly", "s", "e"),
    "de": ("ern", "en", "em", "er", "es", "st", "e", "n", "t", "s"),
}
_SHORTEST_STEM: Final = 3


def check_locale(locale: str, prompts: Sequence[tuple[str, Prompt]], wording: Lexicon) -> Iterator[tuple[str, str]]:
    """Yield (path, sentence) for each fault in a locale's prompts in use, given as (path, prompt) pairs."""
    folder = _folder(prompts, locale)
    in_use = [prompt for _, prompt in prompts]
    for sentence in (*_coverage(locale, in_use), *_habits(locale, in_use), *_openings(prompts)):
        yield folder, sentence
    yield from _same_subject(prompts)
    yield from _alike(prompts, wording)


def check_beside(
    found: tuple[str, Prompt], others: Sequence[tuple[str, Prompt]], wording: Lexicon
) -> Iterator[tuple[str, str]]:
    """Yield (path, sentence) where one more prompt has the subject or asks the question of another, as pairs."""
    for other in others:
        yield from _same_subject([other, found])
        yield from _alike([other, found], wording)


def _folder(prompts: Sequence[tuple[str, Prompt]], locale: str) -> str:
    """Return the path of the locale's folder, or the locale's name where no prompt is in use."""
    return prompts[0][0].rsplit("/", 2)[0] if prompts else locale


def _coverage(locale: str, prompts: Sequence[Prompt]) -> Iterator[str]:
    """Yield the sorts of prompts that a locale has too few or too many of."""
    fewest = FEWEST_PROMPTS_DEFAULT if locale == DEFAULT_LOCALE else FEWEST_PROMPTS
    rotating = [prompt for prompt in prompts if prompt.kind != "follow-up"]
    if len(rotating) < fewest:
        yield f"There are {len(rotating)} prompts; fewer than {fewest} come round too soon."
    for theme in THEMES:
        yield from _theme(theme, [prompt for prompt in rotating if prompt.theme == theme])
    kinds = Counter(prompt.kind for prompt in prompts)
    for kind in KINDS:
        if kinds[kind] < FEWEST_A_KIND:
            yield f"There are {kinds[kind]} prompts of the kind {kind}; write {FEWEST_A_KIND} at least."
        if kinds[kind] > MOST_SHARE_OF_A_KIND * len(prompts):
            yield f"{kinds[kind]} of {len(prompts)} prompts are of the kind {kind}; write more of the others."
    if sum(prompt.asks_for_step for prompt in rotating) < FEWEST_ASKING_FOR_STEP:
        yield f"Fewer than {FEWEST_ASKING_FOR_STEP} prompts ask for a step: give some of the theme step asks_for_step."
    for depth in sorted(set(DEPTHS) - {prompt.depth for prompt in rotating}):
        yield f"There is no prompt of depth {depth}."


def _habits(locale: str, prompts: Sequence[Prompt]) -> Iterator[str]:
    """Yield the turns of phrase that too many prompts share."""
    for phrase, forms in _HABITS.get(locale.partition("-")[0], ()):
        number = sum(forms.search(prompt.body) is not None for prompt in prompts)
        if number > MOST_SHARE_OF_A_HABIT * len(prompts):
            yield f'{number} of {len(prompts)} prompts say "{phrase}"; one in twelve is enough, so reword some.'


def _theme(theme: str, prompts: Sequence[Prompt]) -> Iterator[str]:
    """Yield what a theme has too little of."""
    if len(prompts) < FEWEST_A_THEME:
        yield f"The theme {theme} has {len(prompts)} prompts; write {FEWEST_A_THEME} at least."
    kinds = {prompt.kind for prompt in prompts}
    if len(kinds) < FEWEST_KINDS_A_THEME:
        yield f"The theme {theme} has {len(kinds)} kinds of prompt; write {FEWEST_KINDS_A_THEME} kinds at least."
    if not any(prompt.is_light for prompt in prompts):
        yield f"The theme {theme} has no light prompt: one of depth 1 that takes a minute."


def _openings(prompts: Sequence[tuple[str, Prompt]]) -> Iterator[str]:
    """Yield the faults in the six prompts that everybody gets first."""
    six = sorted((prompt for _, prompt in prompts if prompt.opening is not None), key=lambda found: found.opening or 0)
    if tuple(prompt.opening for prompt in six) != OPENING:
        yield "Six prompts need opening = 1 to opening = 6, each once: they are what everybody gets first."
        return
    for prompt in six:
        if not prompt.is_light or prompt.kind == "follow-up":
            yield f'"{prompt.id}" opens for everybody, so it must have depth 1 and take 1 minute.'
    for one, next_one in pairwise(six):
        if one.theme == next_one.theme or one.kind == next_one.kind:
            yield f'"{next_one.id}" comes right after "{one.id}" and has the same theme or kind; swap one of them.'


def _same_subject(prompts: Sequence[tuple[str, Prompt]]) -> Iterator[tuple[str, str]]:
    """Yield the prompts that share a subject; they would look like one email sent twice."""
    first: dict[str, str] = {}
    for path, prompt in prompts:
        other = first.setdefault(prompt.subject.casefold(), prompt.id)
        if other != prompt.id:
            yield path, f'"{other}" has the same subject; give each its own.'


def _alike(prompts: Sequence[tuple[str, Prompt]], wording: Lexicon) -> Iterator[tuple[str, str]]:
    """Yield the pairs that ask nearly the same: their questions share most of their uncommon words (Jaccard)."""
    stemmed = [(path, prompt, _stems(prompt, wording)) for path, prompt in prompts if prompt.kind != "follow-up"]
    for (_, one, ones), (path, _, others) in combinations(stemmed, 2):
        shared = len(ones & others)
        if shared >= FEWEST_STEMS_ALIKE and shared >= ALIKE * len(ones | others):
            yield path, f'It asks nearly the same as "{one.id}"; keep the better of the two, or make them differ.'


def _stems(prompt: Prompt, wording: Lexicon) -> frozenset[str]:
    """Return the uncommon words of a prompt's question, without their endings."""
    words = _TOKEN.findall(prompt.question.lower())
    endings = _ENDINGS.get(prompt.locale.partition("-")[0], ())
    return frozenset(_stem(word, endings) for word in words if not wording.is_common(word, prompt.locale))


def _stem(word: str, endings: Sequence[str]) -> str:
    """Return a word without the first ending that leaves a stem of enough letters."""
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word
