"""The state of a subscription."""

from __future__ import annotations

from enum import StrEnum


class SubscriberStatus(StrEnum):
    """The state of a subscription."""

    PENDING = "pending"
    ACTIVE = "active"
    RESTING = "resting"
    STOPPED = "stopped"
