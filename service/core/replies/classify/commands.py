"""Commands by reply: which texts are commands, and what each one asks for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, Self

from service.core.replies.classify.pause_dates import PauseDates
from service.core.text.normalise import longest_first, normalise, what_follows, what_precedes

LONGEST_CHARACTERS: Final = 200
LONGEST_LINES: Final = 3
ENGLISH: Final = "en"
LONGEST_NAME: Final = 2  # words of a name after a sign-off


class Verb(StrEnum):
    """What a command does; templates/commands/ uses these names."""

    NOT_TODAY = "not_today"
    ANOTHER = "another"
    SMALLER = "smaller"
    PAUSE = "pause"
    WEEKLY = "weekly"
    RESUME = "resume"
    STOP = "stop"
    DELETE = "delete"
    NOT_A_STEP = "not_a_step"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Command:
    """One command; `until_on` is the local date on which a pause ends, or None for an open-ended pause."""

    verb: Verb
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class CommandPhrases:
    """The commands of one language."""

    verbs: Mapping[str, Verb]
    pause_for: tuple[str, ...]
    pause_until: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    sign_offs: frozenset[str]
    ends: PauseDates

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the phrases of a file of templates/commands/.

        Raises:
            ValueError: the text is not TOML, or names an unknown command.
            KeyError: a table is missing.
        """
        tables: dict[str, Any] = tomllib.loads(text)
        polite, pause = tables["polite"], tables["pause"]
        return cls(
            verbs={phrase: Verb(verb) for verb, phrases in tables["commands"].items() for phrase in phrases},
            pause_for=longest_first(pause["for"]),
            pause_until=longest_first(pause["until"]),
            before=longest_first(polite["before"]),
            after=longest_first(polite["after"]),
            sign_offs=frozenset(polite["sign_offs"]),
            ends=PauseDates.of(tables["dates"], tables["lengths"]),
        )

    def read(self, words: str, today: date) -> Command | None:
        """Return the command that these words are, or None if they say anything else.

        A length or a date is counted from `today`, a local date. A pause whose end has passed, or is not a valid date,
        is no command.
        """
        said = self._said(words)
        if not said:
            return None
        if said in self.verbs:
            return Command(self.verbs[said])
        if named := what_follows(said, self.pause_until):  # first, as it also begins with "pause"
            end = self.ends.named(named, today)
        elif length := what_follows(said, self.pause_for):
            end = self.ends.after(length, today)
        else:
            return None
        return Command(Verb.PAUSE, end) if end and end > today else None

    def _said(self, words: str) -> str:
        """Return the words if they are one line, without sign-off, punctuation and polite words; else ""."""
        if len(words) > LONGEST_CHARACTERS:
            return ""
        lines = [line for line in map(normalise, words.splitlines()) if line]
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
            less = what_follows(said, self.before) or what_precedes(said, self.after)
            if not less:
                break
            said = less
        return said


def command_phrases_for(books: Mapping[str, CommandPhrases], locale: str) -> CommandPhrases:
    """Return the phrases of a locale's language, or the English ones if it has none."""
    return books.get(locale.partition("-")[0]) or books[ENGLISH]
