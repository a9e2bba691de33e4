"""The job queue as the rest of the service sees it, and one that only remembers.

The database is the truth. Whatever the queue loses is found there by the sweep within a minute and put in again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class JobQueue(Protocol):
    """Takes the ids that workers are to process; `service.dispatch` puts them into RQ."""

    def enqueue_deliveries(self, ids: Sequence[int]) -> None:
        """Enqueue deliveries to be sent."""
        ...

    def enqueue_mail_requests(self, ids: Sequence[int]) -> None:
        """Enqueue requests for an email, made on a page."""
        ...

    def enqueue_replies(self, ids: Sequence[int]) -> None:
        """Enqueue mail that came in, to be processed."""
        ...

    def is_reachable(self) -> bool:
        """Say whether the queue server answers."""
        ...

    def count_refused(self) -> int | None:
        """Return how many jobs the workers refused, or None while the queue server does not answer."""
        ...


@dataclass(slots=True)
class InMemoryQueue:
    """A job queue that only remembers, for a process that does the work itself and for tests."""

    deliveries: list[int] = field(default_factory=list)
    mail_requests: list[int] = field(default_factory=list)
    replies: list[int] = field(default_factory=list)

    def enqueue_deliveries(self, ids: Sequence[int]) -> None:
        """Remember deliveries."""
        self.deliveries += ids

    def enqueue_mail_requests(self, ids: Sequence[int]) -> None:
        """Remember requests for an email."""
        self.mail_requests += ids

    def enqueue_replies(self, ids: Sequence[int]) -> None:
        """Remember mail that came in."""
        self.replies += ids

    def is_reachable(self) -> bool:
        """Say yes: nothing lies between this queue and whoever reads it."""
        return True

    def count_refused(self) -> int | None:
        """Return 0: nobody else can write to this queue."""
        return 0
