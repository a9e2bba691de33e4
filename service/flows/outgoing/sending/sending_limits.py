"""The limits on sending: what the provider accepts, and the configured rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from service.core.sending.sending_rate import hourly_rate
from service.db import Database
from service.models import DeliveryKind
from service.models.outgoing.deliveries.delivery_kind import SCHEDULED_KINDS
from service.models.outgoing.provider_limit import LimitName, ProviderLimit, SendingHour

TRY_MORE_AFTER = timedelta(days=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SendingRate:
    """The configured rate of scheduled emails; all workers share the count of an hour.

    Letters count towards it too, up to half of it, so that questions always find room; `letters` limits them further.
    """

    most: int | None = None
    warm_up_from: date | None = None
    letters: int | None = None

    def at(self, now: datetime) -> int | None:
        """Return how many scheduled emails may go within this hour, or None for any number."""
        return hourly_rate(now.date(), most=self.most, warm_up_from=self.warm_up_from)

    def take(self, session: Session, emails: int, now: datetime, kind: str) -> int:
        """Count emails of one kind for this hour and return how many may go; the rate limits only scheduled ones."""
        most = self.at(now)
        if kind == DeliveryKind.LETTER:
            return self._take_letters(session, emails, now, most)
        if most is None:
            return emails
        if kind in SCHEDULED_KINDS:
            return SendingHour.take(session, now, emails, most)
        SendingHour.count(session, now, emails)
        return emails

    def give_back(self, session: Session, emails: int, now: datetime, kind: str) -> None:
        """Subtract emails that were not sent from this hour's count."""
        if kind == DeliveryKind.LETTER and self._most_letters(self.at(now)) is not None:
            SendingHour.give_letters_back(session, now, emails)
        if self.at(now) is not None:
            SendingHour.give_back(session, now, emails)

    def most_letters(self, now: datetime) -> int | None:
        """Return how many letters may go within this hour, or None for any number."""
        return self._most_letters(self.at(now))

    def _take_letters(self, session: Session, emails: int, now: datetime, most: int | None) -> int:
        most_letters = self._most_letters(most)
        if most_letters is None:
            return emails
        granted = SendingHour.take_letters(session, now, emails, most_letters)
        if most is None:
            return granted
        taken = SendingHour.take(session, now, granted, most)
        SendingHour.give_letters_back(session, now, granted - taken)
        return taken

    def _most_letters(self, most: int | None) -> int | None:
        limits = [limit for limit in (self.letters, most and max(1, most // 2)) if limit is not None]
        return min(limits, default=None)


@dataclass(slots=True)
class SendingLimits:
    """The limits found at the provider, as this job knows them; new findings are stored for every worker."""

    database: Database
    most: int
    known: dict[LimitName, tuple[int, datetime]] = field(default_factory=dict)

    @classmethod
    def load(cls, database: Database, most: int) -> SendingLimits:
        """Return the known limits; `most` is the configured largest size of a batch."""
        with database.read() as session:
            return cls(database, most, ProviderLimit.all(session))

    @property
    def largest(self) -> int:
        """Return how many recipients the next request may have."""
        return min([self.most, *(max(1, size) for size, _ in self.known.values())])

    def wait(self, now: datetime) -> timedelta | None:
        """Return how long the provider accepts nothing because its quota is used up, or None."""
        size, until = self.known.get(LimitName.QUOTA, (1, now))
        return until - now if size == 0 and until > now else None

    def shrink_batch(self, size: int, now: datetime, reason: str) -> None:
        """Record that a request was too large; one with more recipients than `size` is tried again a day later."""
        log.warning("provider.smaller_batches", size=size, reason=reason)
        self._store(LimitName.BATCH, max(1, size), now + TRY_MORE_AFTER)

    def use_up_quota(self, size: int, until: datetime, reason: str) -> None:
        """Record that a request exceeded the rest of the quota; size 0 means that nothing is left until `until`."""
        log.warning("provider.quota", size=size, until=until.isoformat(timespec="seconds"), reason=reason)
        self._store(LimitName.QUOTA, size, until)

    def accepted(self, recipients: int, now: datetime) -> None:
        """Double the recipients of the next requests, if a larger size may be tried again."""
        for name, (size, until) in [*self.known.items()]:
            if now < until or recipients < size:
                continue
            larger = max(1, size) * 2
            if larger >= self.most:
                del self.known[name]
                with self.database.write() as session:
                    ProviderLimit.forget(session, name)
            else:
                self._store(name, larger, until if name == LimitName.QUOTA else now + TRY_MORE_AFTER)

    def _store(self, name: LimitName, size: int, until: datetime) -> None:
        self.known[name] = (size, until)
        with self.database.write() as session:
            ProviderLimit.store(session, name, size, until)
