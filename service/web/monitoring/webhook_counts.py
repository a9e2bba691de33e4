"""Counting the posts to the webhooks by the result of their signature, and warning of a wrong signing key."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.flows.incoming.replies.store import INBOUND
from service.mail.signature import SignatureCheck
from service.models import Heartbeat
from service.runtime import Runtime

COUNTER: Final = "webhooks"
WEBHOOK, REFUSED = "webhook", "refused"  # heartbeats: the last post with a genuine signature, and with a forged one
WRITTEN_EVERY: Final = timedelta(seconds=10)

log = structlog.get_logger()


@dataclass(slots=True)
class WebhookCounts:
    """Counts posts in memory, and writes the numbers to the database at the first post and then every ten seconds.

    A stranger can post as much as they like, so neither a write nor a log line may follow each of their posts.
    """

    runtime: Runtime
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _unwritten: Counter[SignatureCheck] = field(default_factory=Counter)
    _written_at: datetime | None = None
    _has_mail: bool = False

    def note(self, webhook: str, check: SignatureCheck) -> None:
        """Count a post to a webhook ("inbound" or "events")."""
        self.runtime.counts.add(COUNTER, f"{webhook}.{check.value}")
        with self._lock:
            self._unwritten[check] += 1
            self._has_mail |= webhook == INBOUND and check is SignatureCheck.GENUINE

    def write_if_due(self) -> None:
        """Write the counts, unless that was done a few seconds ago."""
        now = self.runtime.clock()
        with self._lock:
            is_due = self._written_at is None or not timedelta(0) <= now - self._written_at < WRITTEN_EVERY
            if not is_due or not self._unwritten:
                return
            self._written_at, unwritten, has_mail = now, self._unwritten, self._has_mail
            self._unwritten, self._has_mail = Counter(), False
        forged = unwritten[SignatureCheck.FORGED]
        if forged:
            log.warning(
                "webhook.signature_refused",
                setting="MAILGUN_SIGNING_KEY",
                posts=forged,
                meaning="No key of this setting made these signatures. If they are the provider's, the key is wrong.",
            )
        try:
            self.runtime.write_counts()
            with self.runtime.database.write() as session:
                if unwritten[SignatureCheck.GENUINE]:
                    Heartbeat.record(session, WEBHOOK, now)
                if has_mail:
                    Heartbeat.record(session, INBOUND, now)
                if forged:
                    Heartbeat.record(session, REFUSED, now)
        except SQLAlchemyError as error:
            log.warning("webhooks.not_counted", error=type(error).__name__)
