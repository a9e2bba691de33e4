"""How far a letter has gone, as one bar: delivered, deferred, bounced, unknown, left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from service.models import DeliveryState
from service.models.letters import letter_deliveries
from service.models.letters.letter_outcomes import DEFERRED, DELIVERED, is_bounced

_WIDTH = 20  # at most 25 with what is rounded up, which is one line on the narrowest phone
_SIGNS = {"delivered": "█", "sent": "▓", "deferred": "▒", "bounced": "x", "unknown": "?", "left": "·"}


@dataclass(frozen=True, slots=True)
class LetterProgress:
    """How many emails of a letter are where; `sent` are those of which the provider has not told the end yet.

    `left` have still to go, `bounced` were refused for whatever reason, and `skipped` are those of people who left
    meanwhile.
    """

    delivered: int = 0
    sent: int = 0
    deferred: int = 0
    bounced: int = 0
    unknown: int = 0
    left: int = 0
    skipped: int = 0

    def bar(self) -> str:
        """Return the bar in characters, "" if nothing was planned yet."""
        shown = {name: number for name in _SIGNS if (number := getattr(self, name))}
        total = sum(shown.values())
        return "".join(_SIGNS[name] * max(1, round(number * _WIDTH / total)) for name, number in shown.items())

    def words(self) -> str:
        """Return the numbers in words: "12 delivered, 3 left"."""
        return ", ".join(f"{number} {name}" for name, number in self.numbers()) or "nothing planned yet"

    def numbers(self) -> Iterator[tuple[str, int]]:
        """Yield the numbers that are not 0, with their names."""
        for name in (*_SIGNS, "skipped"):
            if number := getattr(self, name):
                yield name, number


def progress(session: Session, letter_id: int) -> LetterProgress:
    """Return how far a letter has gone."""
    numbers: dict[str, int] = {}
    for (state, outcome), number in letter_deliveries.count_by_state(session, letter_id).items():
        name = _place(state, outcome)
        numbers[name] = numbers.get(name, 0) + number
    return LetterProgress(**numbers)


def _place(state: str, outcome: str | None) -> str:
    if state in {DeliveryState.PLANNED, DeliveryState.CLAIMED}:
        return "left"
    if state in {DeliveryState.SKIPPED, DeliveryState.UNKNOWN}:
        return str(state)
    if state == DeliveryState.FAILED or is_bounced(outcome):
        return "bounced"
    if outcome == DEFERRED:
        return "deferred"
    # Who complained had it delivered.
    return "sent" if outcome is None else DELIVERED
