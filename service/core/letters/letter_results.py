"""When a letter pauses by itself: too many of its emails are refused, bounce, or are called spam."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_LEAST_RESULTS: Final = 50
_LEAST_REFUSALS: Final = 5
_LEAST_COMPLAINTS: Final = 3
_RESULTS_A_REFUSAL: Final = 100  # 1 %
_RESULTS_AN_ADDRESS: Final = 20  # 5 %
_RESULTS_A_COMPLAINT: Final = 1000  # 0.1 %, above which Gmail and Yahoo ask bulk senders to stay below


class LetterTrouble(StrEnum):
    """Why a letter pauses by itself."""

    POLICY = "policy"
    ADDRESSES = "addresses"
    COMPLAINTS = "complaints"


@dataclass(frozen=True, slots=True)
class LetterResults:
    """How many of a letter's emails have ended, and how many of them were refused, went nowhere, or were called spam.

    `refusals` are final failures that are about us, `addresses` are addresses that do not exist.
    """

    results: int = 0
    refusals: int = 0
    addresses: int = 0
    complaints: int = 0

    @property
    def trouble(self) -> LetterTrouble | None:
        """Return why nothing more of the letter should go, or None; a few results say nothing yet."""
        if self.results < _LEAST_RESULTS:
            return None
        if self.complaints >= _LEAST_COMPLAINTS and self.complaints * _RESULTS_A_COMPLAINT >= self.results:
            return LetterTrouble.COMPLAINTS
        if self.refusals >= _LEAST_REFUSALS and self.refusals * _RESULTS_A_REFUSAL >= self.results:
            return LetterTrouble.POLICY
        if self.addresses >= _LEAST_REFUSALS and self.addresses * _RESULTS_AN_ADDRESS >= self.results:
            return LetterTrouble.ADDRESSES
        return None
