"""The protocol of the job queue, and a queue in memory.

The database is authoritative: the sweep finds there, within a minute, what the queue lost, and enqueues it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class BackgroundJob(StrEnum):
    """The jobs of the queue `jobs`, whose length must delay nobody's question.

    Each has a function of this name in `workers.jobs`, its work for one id in `Runtime.background_work`, and a query in
    `tick.FIND_UNQUEUED` that finds the ids whose job was lost.
    """

    WRITER_MAILS = "send_writer_mails"
    IMPORTS = "import_journals"
    EXPORTS = "export_journals"
    ERASURES = "erase_subscribers"
    FEEDS = "look_at_feeds"


class JobQueue(Protocol):
    """Takes the ids that workers are to process; `service.dispatch` puts them into RQ."""

    def enqueue_deliveries(self, ids: Sequence[int]) -> None:
        """Enqueue deliveries to be sent."""
        ...

    def enqueue_mail_requests(self, ids: Sequence[int]) -> None:
        """Enqueue requests for an email that were made on a page."""
        ...

    def enqueue_replies(self, ids: Sequence[int]) -> None:
        """Enqueue incoming mail to be processed."""
        ...

    def enqueue_background(self, job: BackgroundJob, ids: Sequence[int]) -> None:
        """Enqueue ids for a job of the queue `jobs`."""
        ...

    def is_reachable(self) -> bool:
        """Return whether the queue server answers."""
        ...

    def count_waiting(self) -> dict[str, int] | None:
        """Return how many jobs wait in each queue, by its name, or None while the queue server does not answer."""
        ...

    def count_refused(self) -> int | None:
        """Return how many jobs the workers refused, or None while the queue server does not answer."""
        ...


@dataclass(slots=True)
class InMemoryQueue:
    """A job queue in memory, for a process that does the work itself and for tests."""

    deliveries: list[int] = field(default_factory=list)
    mail_requests: list[int] = field(default_factory=list)
    replies: list[int] = field(default_factory=list)
    background: dict[BackgroundJob, list[int]] = field(default_factory=dict)

    def enqueue_deliveries(self, ids: Sequence[int]) -> None:
        """Remember deliveries."""
        self.deliveries += ids

    def enqueue_mail_requests(self, ids: Sequence[int]) -> None:
        """Remember requests for an email."""
        self.mail_requests += ids

    def enqueue_replies(self, ids: Sequence[int]) -> None:
        """Remember incoming mail."""
        self.replies += ids

    def enqueue_background(self, job: BackgroundJob, ids: Sequence[int]) -> None:
        """Remember ids for a job of the queue `jobs`."""
        self.background.setdefault(job, []).extend(ids)

    def is_reachable(self) -> bool:
        """Return True: this queue is in the same process."""
        return True

    def count_waiting(self) -> dict[str, int]:
        """Return how many ids wait, by the name of the queue that they would stand in."""
        return {
            "send": len(self.deliveries),
            "receive": len(self.mail_requests) + len(self.replies),
            "jobs": sum(map(len, self.background.values())),
        }

    def count_refused(self) -> int | None:
        """Return 0: no other process can write to this queue."""
        return 0
