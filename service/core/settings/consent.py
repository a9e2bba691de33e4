"""The streams of email that people agree to separately, and their wordings; the consent log names both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final


class Stream(StrEnum):
    """What somebody can agree to be sent; each is asked for, recorded and stopped separately."""

    QUESTIONS = "questions"
    LETTERS = "letters"

    @classmethod
    def wanted(cls, *, questions: bool, letters: bool) -> tuple[Stream, ...]:
        """Return the streams that are wanted."""
        wanted = {cls.QUESTIONS: questions, cls.LETTERS: letters}
        return tuple(stream for stream, is_wanted in wanted.items() if is_wanted)


class ConsentEvent(StrEnum):
    """What a line of the consent log records.

    An address was entered on a page, or its owner agreed or withdrew. `IMPORTED` is an agreement that was made
    elsewhere, brought with its proof; `UNDONE` takes such an import back.
    """

    ASKED = "asked"
    CONFIRMED = "confirmed"
    STOPPED = "stopped"
    IMPORTED = "imported"
    UNDONE = "undone"


WORDINGS: Final[Mapping[Stream, Mapping[str, str]]] = {
    Stream.QUESTIONS: {
        "2026-11": (
            "We will email you a question on the days you choose, and once a month your own words. "
            "You can rest or stop from any email."
        ),
        "2026-11-29": (
            "We’ll email you a question on the days you choose, and once a month your own words. "
            "You can rest or stop from any email."
        ),
    },
    Stream.LETTERS: {
        "2026-11-30": "We’ll email you letters: new posts{by_writer}, now and then. You can stop them from any letter.",
    },
}
"""The wordings of each stream by version; `{by_writer}` stands for the writer's name, from `by_writer`."""


def current_version(stream: Stream) -> str:
    """Return the version of the wording that people agree to today."""
    return max(WORDINGS[stream])


def current_wording(stream: Stream, writer: str = "") -> str:
    """Return the wording that people agree to today; `writer` is the name of who writes the letters, if any."""
    return WORDINGS[stream][current_version(stream)].format(by_writer=by_writer(writer))


def by_writer(writer: str) -> str:
    """Return " by NAME" for the writer's name, or nothing without one."""
    return f" by {writer}" if writer else ""


class Asked(StrEnum):
    """What one confirmation asks for; its name stands with the delivery, its number in the reply address.

    `MOVED` asks for letters too: from people whose list was brought from another service.
    """

    QUESTIONS = "questions"
    LETTERS = "letters"
    BOTH = "both"
    MOVED = "moved"

    @classmethod
    def of(cls, streams: Sequence[Stream]) -> Asked:
        """Return what asks for these streams.

        Raises:
            ValueError: there are no streams.
        """
        return cls.BOTH if len(streams) > 1 else cls("".join(streams))

    @property
    def number(self) -> int:
        """Return its number; 0 is in addresses from before there were letters, which asked for questions."""
        return [*Asked].index(self) + 1

    @classmethod
    def numbered(cls, number: int) -> Asked | None:
        """Return what has this number, or None for an address from before there were letters."""
        return next((asked for asked in cls if asked.number == number), None)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Return the streams that it asks for."""
        return {Asked.QUESTIONS: (Stream.QUESTIONS,), Asked.BOTH: (*Stream,)}.get(self, (Stream.LETTERS,))
