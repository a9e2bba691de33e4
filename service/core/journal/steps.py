"""Small steps: which one a reply chooses, when it is asked about, and what the answer says."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Self

from service.core.slots import digest_slot
from service.core.text.normalise import longest_first, normalise, what_follows, what_precedes
from service.core.text.sentences import one_line, sentences

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from service.core.library.prompts import Prompt
    from service.core.settings.schedule import Days

ENGLISH: Final = "en"
LONGEST_STEP: Final = 200
LONGEST_LOOSE_STEP: Final = 80
MOST_READ: Final = 2000
_LEAST_WORDS_OF_A_STEP = 2
FOLLOW_UP_DAYS: Final = (3, 2, 4)
_BLANK: Final = "___"
_QUOTED_LINE: Final = re.compile(r"[\"“„]([^\"“”„]*___[^\"“”„]*)[\"”“]")
_QUOTES: Final = '"“”„«»'
_CLAUSES: Final = re.compile(r"[.!?…,;:()\n]+|\s[–—-]+\s")


class StepState(StrEnum):
    """How a step went; a step whose question stays unanswered stays open and is not asked about again."""

    OPEN = "open"
    TAKEN = "taken"
    NOT_YET = "not_yet"
    LET_GO = "let_go"


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """What a reply says about a step; `is_all` if it says nothing else, so that there is no entry to keep."""

    state: StepState
    is_all: bool


@dataclass(frozen=True, slots=True)
class StepPhrases:
    """How steps are chosen and answered in one language, from a file of templates/steps/."""

    answers: Mapping[str, StepState]
    short: Mapping[str, StepState]
    before: tuple[str, ...]
    after: tuple[str, ...]
    goes_on: frozenset[str]
    when: tuple[str, ...]
    will: tuple[str, ...]
    intentions: tuple[str, ...]
    softeners: tuple[str, ...]
    verbs: frozenset[str]
    verbs_at_end: frozenset[str]
    told: tuple[str, ...]
    hurts: tuple[str, ...]
    chooses_nothing: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the phrases in the text of a file of templates/steps/.

        Raises:
            ValueError: the text is not TOML, or names an unknown state.
            KeyError: a table or a list is missing.
        """
        tables: dict[str, Any] = tomllib.loads(text)
        around, plans = tables["around"], tables["plans"]
        return cls(
            answers=_by_phrase(tables["answers"]),
            short=_by_phrase(tables["short"]),
            before=longest_first(around["before"]),
            after=longest_first(around["after"]),
            goes_on=frozenset(around["on"]),
            when=longest_first(plans["when"]),
            will=longest_first(plans["will"]),
            intentions=longest_first(tables["doing"]["openings"]),
            softeners=longest_first(tables["doing"]["softeners"]),
            verbs=frozenset(tables["doing"]["verbs"]),
            verbs_at_end=frozenset(tables["doing"]["verbs_at_end"]),
            told=tuple(tables["none"]["told"]),
            hurts=tuple(tables["none"]["hurts"]),
            chooses_nothing=longest_first(tables["none"]["openings"]),
        )

    def answer_in(self, words: str) -> StepAnswer | None:
        """Return what a reply to a follow-up says about the step, or None if it does not plainly say.

        Only its first two clauses and its last one are compared with the phrases.
        """
        clauses = [said for said in map(normalise, _CLAUSES.split(words[:MOST_READ])) if said]
        if not clauses:
            return None
        for place, said in enumerate(clauses[:2]):
            if state := self._answered(said):
                rest = [*clauses[:place], *clauses[place + 1 :]]
                is_all = len(words) <= MOST_READ and all(map(self._says_nothing, rest))
                return StepAnswer(state, is_all)
        if state := self.short.get(self._without_manners(clauses[0])) or self.short.get(clauses[0]):
            return StepAnswer(state, is_all=all(map(self._says_nothing, clauses[1:])) and len(words) <= MOST_READ)
        state = self._answered(clauses[0], goes_on=True) or self._answered(clauses[-1])
        return StepAnswer(state, is_all=False) if state else None

    def step_in(self, words: str, prompt: Prompt) -> str | None:
        """Return the step that a reply to a step prompt chooses, in the person's own words, or None.

        A sentence with a time and "I will" chooses one wherever it stands. So does a short reply that fills the blanks
        of the prompt's line, which is given with it, and a reply of one sentence that begins with a verb ("open a
        curtain") or an intention ("I could ..."). A sentence about something that happened or that hurts does not, and
        neither does a question: being asked about a sorrow as if it were a task would be worse than not being asked.
        """
        if not prompt.asks_for_step:
            return None
        found = list(chain.from_iterable(sentences(words[:MOST_READ])))
        plan = next((sentence for sentence in found if self._is_plan(normalise(sentence))), None)
        promise = plan or next((sentence for sentence in found if what_follows(normalise(sentence), self.will)), None)
        if _has_any(normalise(words[:MOST_READ]), self.hurts):
            return None
        if promise is not None and len(promise) <= LONGEST_STEP:
            return promise.strip(_QUOTES)
        text = words.strip()
        said = normalise(text)
        if len(text) > LONGEST_LOOSE_STEP or text.endswith("?") or _has_any(said, self.told):
            return None
        is_single = len(found) == 1 and self._is_doing(said)
        if not self._is_doing(normalise(text.rpartition("\n")[2])) or (self._chooses_nothing(said) and not is_single):
            return None
        return _filled_in(prompt, text) or (one_line(text) if is_single else None)

    def _answered(self, said: str, *, goes_on: bool = False) -> StepState | None:
        for text in (self._without_manners(said), said):
            if text in self.answers:
                return self.answers[text]
            if goes_on:
                known = next((phrase for phrase in self.answers if _goes_on(text, phrase, self.goes_on)), None)
                if known:
                    return self.answers[known]
        return None

    def _says_nothing(self, said: str) -> bool:
        return said in self.before or said in self.after or said in self.short

    def _without_manners(self, said: str) -> str:
        """Return a clause without polite words around it, but never less than one of the phrases."""
        while said not in self.answers:
            less = what_follows(said, self.before) or what_precedes(said, self.after)
            if not less:
                break
            said = less
        return said

    def _is_plan(self, said: str) -> bool:
        rest = what_follows(said, self.when)
        return any(f" {will} " in f" {rest} " for will in self.will) if rest else False

    def _is_doing(self, said: str) -> bool:
        """Return whether a text says what somebody will do, by an intention or by a verb at the start."""
        rest = what_follows(said, self.softeners) or said
        if what_follows(rest, self.intentions):
            return True
        words = rest.split()
        if len(words) < _LEAST_WORDS_OF_A_STEP:
            return False
        first = words[0]
        stem = first.removesuffix("ing")
        forms = {first, stem, f"{stem}e", stem[:-1]}
        return not self.verbs.isdisjoint(forms) or words[-1] in self.verbs_at_end

    def _chooses_nothing(self, said: str) -> bool:
        return not said or said in self.chooses_nothing or bool(what_follows(said, self.chooses_nothing))


def _has_any(said: str, phrases: Sequence[str]) -> bool:
    """Return whether a normalised text has one of these phrases, as whole words."""
    words = " ".join(re.findall(r"[\w']+", said))
    return any(f" {phrase} " in f" {words} " for phrase in phrases)


def step_phrases_for(books: Mapping[str, StepPhrases], locale: str) -> StepPhrases:
    """Return the phrases of a locale's language, or the English ones where it has none."""
    return books.get(locale.partition("-")[0]) or books[ENGLISH]


def follow_up_on(chosen_on: date, days: Days, busy: Collection[date]) -> date:
    """Return the local date on which a step is asked about: two to four days after it was chosen.

    A day without a question is preferred; the `busy` days, of another follow-up or a digest, are avoided.
    """
    wanted = [chosen_on + timedelta(days=number) for number in FOLLOW_UP_DAYS]
    free = [on for on in wanted if on not in busy and digest_slot(on) is None] or wanted
    return next((on for on in free if on not in days), free[0])


def _by_phrase(lists: Mapping[str, Sequence[str]]) -> dict[str, StepState]:
    states = {phrase: StepState(state) for state, phrases in lists.items() for phrase in phrases}
    return {phrase: states[phrase] for phrase in longest_first([*states])}


def _goes_on(said: str, phrase: str, words: Collection[str]) -> bool:
    """Return whether a clause is an answer with more after it; one word does not tell: "Done in by the week"."""
    return " " in phrase and said.startswith(f"{phrase} ") and said[len(phrase) + 1 :].partition(" ")[0] in words


def _filled_in(prompt: Prompt, text: str) -> str | None:
    """Return the prompt's line with its blanks filled, or None if it has none or another number of them."""
    line = _QUOTED_LINE.search(prompt.body)
    parts = [part.rstrip(".").strip() for part in text.splitlines() if part.strip()]
    if line is None or line[1].count(_BLANK) != len(parts):
        return None
    filled = line[1]
    for part in parts:
        filled = filled.replace(_BLANK, _within_sentence(part, prompt.locale), 1)
    return one_line(filled) if len(filled) <= LONGEST_STEP else None


def _within_sentence(text: str, locale: str) -> str:
    """Return English words for the middle of a sentence: "Open a curtain" begins with a small letter there."""
    first = text.partition(" ")[0]
    if not locale.startswith(ENGLISH) or not first[1:].islower():
        return text
    return text[0].lower() + text[1:]
