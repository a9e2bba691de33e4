"""The names of the states of a delivery, and the value of a worker's claim on one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DeliveryState(StrEnum):
    """The state of a delivery."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class DeliveryClaim:
    """A delivery this worker holds, with the attempt number that fences what it writes."""

    id: int
    attempt: int
