"""When the emails to one recipient domain stop by themselves: too many of them are refused, or called spam."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

COUNTED_FOR = timedelta(hours=24)
_LEAST_RESULTS = 50
_LEAST_REFUSALS = 5
_LEAST_COMPLAINTS = 3
_RESULTS_A_REFUSAL = 100  # 1 %
_RESULTS_A_COMPLAINT = 1000  # 0.1 %, above which Gmail and Yahoo ask bulk senders to stay below


class PauseReason(StrEnum):
    """Why the emails to a domain are paused."""

    REFUSED = "refused"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class DomainResults:
    """What became of the emails to one domain: the results known, and how many of them were which.

    `refusals` are final failures that are about us, not about the recipient (`FailureClass.is_about_us`).
    """

    results: int
    refusals: int
    complaints: int

    @property
    def pause_reason(self) -> PauseReason | None:
        """Return why nothing more should go to the domain, or None; a few results say nothing yet."""
        if self.results < _LEAST_RESULTS:
            return None
        if self.complaints >= _LEAST_COMPLAINTS and self.complaints * _RESULTS_A_COMPLAINT >= self.results:
            return PauseReason.COMPLAINED
        if self.refusals >= _LEAST_REFUSALS and self.refusals * _RESULTS_A_REFUSAL >= self.results:
            return PauseReason.REFUSED
        return None
