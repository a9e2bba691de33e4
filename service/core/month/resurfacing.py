"""Which of a person's words may be shown to them again, and how they are chosen."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

from service.core.text.sentences import one_line, passage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

LONGEST_WORDS: Final = 48
LONGEST_STEP: Final = 120
MOST_WORDS_EACH: Final = 3
_BETWEEN_WORDS: Final = re.compile(r"[,;·/.!?…，、。；\n]+")
_AND: Final = frozenset({"and", "und", "&", "+"})  # in the languages that have prompts
_Thing = TypeVar("_Thing")


class AnsweredPrompt(Protocol):
    """What a digest needs to know of the prompt that an entry answers."""

    @property
    def kind(self) -> str: ...  # noqa: D102  (the library's own words)

    @property
    def theme(self) -> str: ...  # noqa: D102

    @property
    def resurface(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One entry as the digest needs it; `prompt` is None for words that answer no question of the library.

    An imported one is here only because the person asked that it may come back.
    """

    id: int
    written_on: date
    words: str = field(repr=False)
    prompt: AnsweredPrompt | None = None
    kept_out: bool = False
    is_imported: bool = False

    @property
    def may_return(self) -> bool:
        """Return whether its words may be shown again: the prompt allows it, and the person did not keep it out."""
        if self.prompt is None:
            return self.is_imported and not self.kept_out
        return (
            not self.kept_out
            and self.prompt.resurface
            and self.prompt.theme != "hurt"
            and self.prompt.kind != "follow-up"
        )

    @property
    def is_words(self) -> bool:
        """Return whether it answers a request for three words with about three words, and no sentence."""
        return (
            self.prompt is not None
            and self.prompt.kind == "words"
            and len(self.as_words) <= LONGEST_WORDS
            and _are_words(self.as_words)
        )

    @property
    def as_words(self) -> str:
        """Return the words on one line, with commas where each had a line of its own."""
        lines = (one_line(line).strip(",;· ") for line in self.words.splitlines())
        return ", ".join(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Passage:
    """Whole sentences of one entry."""

    entry_id: int
    written_on: date
    text: str = field(repr=False)

    @classmethod
    def of(cls, entry: DigestEntry, order: Callable[[object], bytes]) -> Self | None:
        """Return the passage to quote from an entry, of the paragraph that `order` ranks first, or None."""
        text = passage_of(entry.words, lambda place: order((entry.id, place)))
        return None if text is None else cls(entry.id, entry.written_on, text)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Return the passage of a stored digest."""
        return cls(int(stored["entry_id"]), date.fromisoformat(stored["written_on"]), stored["text"])


@dataclass(frozen=True, slots=True)
class TakenStep:
    """A small step the person chose and took; `entry_id` is the entry that chose it, if one did."""

    words: str = field(repr=False)
    taken_on: date
    entry_id: int | None = field(default=None, compare=False)

    @property
    def shortened(self) -> TakenStep:
        """Return the step on one line, shortened if it is long."""
        text = one_line(self.words)
        cut = text if len(text) <= LONGEST_STEP else f"{text[: LONGEST_STEP - 1].rstrip()}…"
        return replace(self, words=cut)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Return the step of a stored digest."""
        return cls(stored["words"], date.fromisoformat(stored["taken_on"]), stored.get("entry_id"))


def shuffling(seed: str) -> Callable[[object], bytes]:
    """Return a sort key that looks random and is always the same for the same seed."""
    seeded = hashlib.sha256(seed.encode())

    def key(thing: object) -> bytes:
        keyed = seeded.copy()
        keyed.update(repr(thing).encode())
        return keyed.digest()

    return key


def quotable(entries: Iterable[DigestEntry], steps: Iterable[TakenStep]) -> list[DigestEntry]:
    """Return the entries that passages may come from.

    Those that may not come back, those of three words, and those that chose a step are left out: words and steps
    have a part of their own.
    """
    honoured = {step.entry_id for step in steps}
    return [entry for entry in entries if entry.may_return and not entry.is_words and entry.id not in honoured]


def fresh_first(entries: Iterable[DigestEntry]) -> list[DigestEntry]:
    """Return the entries in their order, with those that repeat an earlier one moved to the end."""
    said: set[str] = set()
    fresh: list[DigestEntry] = []
    again: list[DigestEntry] = []
    for entry in entries:
        words = one_line(entry.words).casefold()
        (again if words in said else fresh).append(entry)
        said.add(words)
    return fresh + again


def chosen_words(entries: Iterable[DigestEntry], most: int) -> tuple[str, ...]:
    """Return the three-word replies in order; of very many, an even selection."""
    words = [entry.as_words for entry in entries if entry.is_words and entry.may_return]
    return thinned([each for each in words if each], most)


def _are_words(text: str) -> bool:
    """Return whether a text names things, each in at most three words; "and" between them does not count.

    Three words that end with a full stop and stand alone are a sentence ("I am tired.").
    """
    things = [thing for thing in _BETWEEN_WORDS.split(text) if thing.strip()]
    is_short = all(len([word for word in thing.split() if word not in _AND]) <= MOST_WORDS_EACH for thing in things)
    is_sentence = len(things) == 1 and len(things[0].split()) >= MOST_WORDS_EACH and text.endswith((".", "!", "?", "…"))
    return is_short and not is_sentence


def thinned(things: Sequence[_Thing], most: int) -> tuple[_Thing, ...]:
    """Return the items in order; of more than `most`, an even selection."""
    if len(things) <= most:
        return tuple(things)
    return tuple(things[place * len(things) // most] for place in range(most))
