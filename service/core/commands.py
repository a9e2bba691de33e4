"""Commands by reply: which texts are one, when they are all that somebody wrote, and what each asks for."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, Self

from service.core.ends import Ends

LONGEST_CHARACTERS: Final = 200
LONGEST_LINES: Final = 3
ENGLISH: Final = "en"
LONGEST_NAME: Final = 2  # words of a name under a sign-off
_APOSTROPHES: Final = str.maketrans("‘’ʼ`", "''''")


class Verb(StrEnum):
    """What a command does; the names stand in templates/commands/."""

    NOT_TODAY = "not_today"
    ANOTHER = "another"
    SMALLER = "smaller"
    PAUSE = "pause"
    WEEKLY = "weekly"
    RESUME = "resume"
    STOP = "stop"
    DELETE = "delete"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Command:
    """One command; `until_on` is the local date on which a pause ends, None where it has no end."""

    verb: Verb
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """The commands of one language."""

    verbs: Mapping[str, Verb]
    pause_for: tuple[str, ...]
    pause_until: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    sign_offs: frozenset[str]
    ends: Ends

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the phrasebook that a file of templates/commands/ holds.

        Raises:
            ValueError: the text is not TOML, or names a command that there is not.
            KeyError: a table is missing.
        """
        tables: dict[str, Any] = tomllib.loads(text)
        polite, pause = tables["polite"], tables["pause"]
        return cls(
            verbs={phrase: Verb(verb) for verb, phrases in tables["commands"].items() for phrase in phrases},
            pause_for=_longest_first(pause["for"]),
            pause_until=_longest_first(pause["until"]),
            before=_longest_first(polite["before"]),
            after=_longest_first(polite["after"]),
            sign_offs=frozenset(polite["sign_offs"]),
            ends=Ends.of(tables["dates"], tables["lengths"]),
        )

    def read(self, words: str, today: date) -> Command | None:
        """Return the command that is all these words say, or None: then they are somebody's own.

        A length or a date is counted from `today`, a local date; an end that has passed, or that no calendar has, is
        no command.
        """
        said = self._said(words)
        if not said:
            return None
        if said in self.verbs:
            return Command(self.verbs[said])
        if named := _after(said, self.pause_until):  # first: "pause until" begins with "pause" as well
            end = self.ends.named(named, today)
        elif length := _after(said, self.pause_for):
            end = self.ends.after(length, today)
        else:
            return None
        return Command(Verb.PAUSE, end) if end and end > today else None

    def _said(self, words: str) -> str:
        """Return the one line that the words are, without sign-off, punctuation and politeness; "" if they are more."""
        if len(words) > LONGEST_CHARACTERS:
            return ""
        lines = [line for line in map(_plain, words.splitlines()) if line]
        if not lines or not self._is_sign_off(lines[1:]):
            return ""
        return self._without_politeness(lines[0])

    def _is_sign_off(self, lines: Sequence[str]) -> bool:
        if not lines:
            return True
        named = lines[1:]
        return (
            len(lines) < LONGEST_LINES
            and lines[0] in self.sign_offs
            and all(len(line.split()) <= LONGEST_NAME for line in named)
        )

    def _without_politeness(self, said: str) -> str:
        while said not in self.verbs:
            less = _after(said, self.before) or _before(said, self.after)
            if not less:
                break
            said = less
        return said


def book_for(books: Mapping[str, Phrasebook], locale: str) -> Phrasebook:
    """Return the phrasebook of a locale's language, or the English one where it has none."""
    return books.get(locale.partition("-")[0]) or books[ENGLISH]


def _plain(line: str) -> str:
    """Return a line in lower case, its words without the punctuation around them."""
    folded = unicodedata.normalize("NFKC", line).translate(_APOSTROPHES).casefold()
    return " ".join(filter(None, (_bare(word) for word in folded.split())))


def _bare(word: str) -> str:
    letters = [place for place, character in enumerate(word) if character.isalnum()]
    return word[letters[0] : letters[-1] + 1] if letters else ""


def _after(said: str, phrases: Sequence[str]) -> str:
    """Return what follows the first of these phrases that the text begins with, or ""."""
    return next((said[len(phrase) + 1 :] for phrase in phrases if said.startswith(f"{phrase} ")), "")


def _before(said: str, phrases: Sequence[str]) -> str:
    return next((said[: -len(phrase) - 1] for phrase in phrases if said.endswith(f" {phrase}")), "")


def _longest_first(phrases: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(phrases, key=len, reverse=True))
