"""The thread of a month: a person, place or word that came up more than in the months before."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

from service.core.text.word_tokens import tokens_by_sentence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from service.core.text.word_tokens import WordToken

FEWEST_DAYS: Final = 3
FEWEST_MONTHS: Final = 2
TIMES_MORE: Final = 2
SHORTEST_WORD: Final = 3
_SIDE_BY_SIDE: Final = (" ", ". ")
# Scripts without spaces between words (Thai to Myanmar, Khmer, kana, Han): finding words would take a dictionary.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31f0-\u31ff\u3400-\u9fff"
    "\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)


class ThreadEntry(Protocol):
    """The fields of an entry that a thread is made from; `service.core.month.resurfacing.DigestEntry` has them."""

    @property
    def id(self) -> int: ...  # noqa: D102  (the entry's own words)

    @property
    def written_on(self) -> date: ...  # noqa: D102

    @property
    def words(self) -> str: ...  # noqa: D102

    @property
    def may_return(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Thread:
    """A name or word as the person writes it, and the local dates of the month on which it occurs, in order."""

    word: str = field(repr=False)
    days: tuple[date, ...]


def find_thread(month: Sequence[ThreadEntry], earlier: Sequence[ThreadEntry], common: Collection[str]) -> Thread | None:
    """Return the word that occurs in a month's entries clearly more often than in earlier months, or None.

    A word must occur on three dates, on more than twice the dates of any earlier month, and on twice the share of
    the dates with words: this leaves out words that are ordinary in somebody's language but are not in `common`
    (casefolded words). There is no thread before two earlier months, with as many dates with words as this one, are
    known. Only entries that may be shown again count, in any month. A name is preferred to a plain word, then the
    word on most dates, then a name of two words, then the first. Each entry is read as far as `tokens_by_sentence`
    reads it; the time is linear in the length. Equal arguments, in any order, give equal threads.
    """
    now = sorted((entry for entry in month if entry.may_return), key=lambda entry: (entry.written_on, entry.id))
    before = [entry for entry in earlier if entry.may_return]
    if not _is_known(now, before):
        return None
    read = [(entry.written_on, words) for entry in now for words in tokens_by_sentence(entry.words)]
    ordinary = frozenset(common)
    dates = _clearly_more(_dates(read, ordinary), now, before)
    if not dates:
        return None
    seen = _sightings(read, dates, ordinary)
    # Among equals `max` returns the first, and `seen` is in order of appearance.
    best = max(seen, key=lambda key: (seen[key].is_name, len(dates[key]), seen[key].full_name is not None))
    return Thread(seen[best].shown, tuple(sorted(dates[best])))


@dataclass(slots=True)
class _Sighting:
    """How one word was written in the month."""

    times: int = 0
    within: int = 0
    named: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    forms_within: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    sure_pairs: set[str] = field(default_factory=set)

    def add(self, word: WordToken) -> None:
        """Record one occurrence."""
        self.times += 1
        self.forms[word.form] += 1
        if word.is_within:
            self.within += 1
            self.named += word.has_capital
            self.forms_within[word.form] += 1

    def add_pair(self, first: WordToken, second: WordToken, *, is_sure: bool) -> None:
        """Record two capitalised words side by side; "Then Rosa" at the start of a sentence may not be a name."""
        pair = f"{first.form}{second.gap}{second.form}"
        self.pairs[pair] += 1
        if is_sure:
            self.sure_pairs.add(pair)

    @property
    def is_name(self) -> bool:
        """Return whether it mostly has a capital where the sentence does not require one."""
        return self.named > 0 and self.named * 2 >= self.within

    @property
    def full_name(self) -> str | None:
        """Return it with the second word, if it never occurs without it."""
        return next((pair for pair in self.pairs if self.pairs[pair] == self.times and pair in self.sure_pairs), None)

    @property
    def shown(self) -> str:
        """Return the full name, or else the most frequent spelling of the word."""
        return self.full_name or (self.forms_within or self.forms).most_common(1)[0][0]


def _is_known(now: Sequence[ThreadEntry], before: Sequence[ThreadEntry]) -> bool:
    """Return whether there are enough earlier entries to compare with."""
    dates = {entry.written_on for entry in before}
    months = {(day.year, day.month) for day in dates}
    return len(months) >= FEWEST_MONTHS and len(dates) >= len({entry.written_on for entry in now})


def _dates(read: Iterable[tuple[date, Sequence[WordToken]]], common: frozenset[str]) -> dict[str, set[date]]:
    """Return the dates of each word that occurs on enough dates, in order of first appearance."""
    dates: dict[str, set[date]] = {}
    for day, words in read:
        for word in words:
            dates.setdefault(word.key, set()).add(day)
    return {key: days for key, days in dates.items() if len(days) >= FEWEST_DAYS and _is_telling(key, common)}


def _is_telling(key: str, common: frozenset[str]) -> bool:
    """Return whether a word can be a thread: "I'll" is as common as "I"; an Indic vowel sign counts as a letter."""
    letters = sum(character.isalpha() or unicodedata.category(character) == "Mc" for character in key)
    return (
        letters >= SHORTEST_WORD
        and key not in common
        and key.partition("'")[0] not in common
        and not _UNSPACED.search(key)
    )


def _clearly_more(
    dates: dict[str, set[date]], now: Sequence[ThreadEntry], before: Sequence[ThreadEntry]
) -> dict[str, set[date]]:
    """Return the words on clearly more dates than before, both in number and as a share of the dates with words."""
    came = {
        (word.key, entry.written_on)
        for entry in (before if dates else ())
        for words in tokens_by_sentence(entry.words)
        for word in words
        if word.key in dates
    }
    total = Counter(key for key, _ in came)
    most: dict[str, int] = {}
    for (key, _), times in Counter((key, (day.year, day.month)) for key, day in came).items():
        most[key] = max(most.get(key, 0), times)
    written_now = len({entry.written_on for entry in now})
    written_before = len({entry.written_on for entry in before})
    return {
        key: days
        for key, days in dates.items()
        if len(days) > TIMES_MORE * most.get(key, 0)
        and len(days) * written_before >= TIMES_MORE * total[key] * written_now
    }


def _sightings(
    read: Iterable[tuple[date, Sequence[WordToken]]], keys: Collection[str], common: frozenset[str]
) -> dict[str, _Sighting]:
    """Return how each of these words was written, in order of first appearance."""
    seen = {key: _Sighting() for key in keys}
    for _, words in read:
        for word in words:
            if word.key in seen:
                seen[word.key].add(word)
        for first, second in pairwise(words):
            if second.gap in _SIDE_BY_SIDE and first.has_capital and second.has_capital:
                for half in {first.key, second.key} & seen.keys():
                    seen[half].add_pair(first, second, is_sure=first.is_within or first.key not in common)
    return seen
