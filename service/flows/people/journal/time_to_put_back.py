"""How long what a person deletes can be put back: a day, and as long as a change of address can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.models import AddressChange, Subscriber

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TimeToPutBack:
    """How long what one person has deleted can be put back, as it stands at `now`.

    Taking a change of address back puts back what was deleted since the day before it, so all of that waits.
    """

    now: datetime
    changes: Sequence[AddressChange]

    @classmethod
    def of(cls, session: Session, person: Subscriber, now: datetime) -> TimeToPutBack:
        """Return how long it is for a person."""
        return cls(now, AddressChange.all_to_take_back(session, person.id, now))

    @property
    def after(self) -> datetime:
        """Return the instant after which something was deleted if it can still be put back."""
        return min((self.now, *(change.changed_at for change in self.changes))) - KEPT

    def until(self, deleted_at: datetime) -> datetime:
        """Return until when something can be put back that was deleted at an instant, in UTC."""
        a_day_later = deleted_at + KEPT
        waited_for = (change.back_until for change in self.changes if change.changed_at < a_day_later)
        return max((a_day_later, *waited_for))
