"""Asking to be erased: by a fresh sign-in, a day before it happens or more, and until then signing in takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.settings.schedule import local_date
from service.flows.people.addresses import change_address
from service.models import (
    AddressChange,
    BrowserSession,
    Delivery,
    DeliveryKind,
    Entry,
    Erasure,
    Keyring,
    NewDelivery,
    Subscriber,
)

TIME_TO_TAKE_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class WhoIsErased:
    """Somebody whom the operator erases on their written wish, as far as the operator needs to know them."""

    subscriber_id: int
    signed_up_on: date
    status: str
    entries: int
    moved_until: date | None  # the last day on which a former address can take a change of address back


def find(session: Session, keyring: Keyring, address: Address, now: datetime) -> WhoIsErased | None:
    """Return who has this address, or None."""
    person = Subscriber.with_address(session, keyring.address_hash(address))
    if person is None:
        return None
    signed_up_on = local_date(person.created_at, person.zone)
    entries = Entry.count_for(session, person.id)
    return WhoIsErased(person.id, signed_up_on, person.status, entries, waits_until(session, person, now))


def erase_at_once(session: Session, subscriber_id: int, now: datetime) -> int:
    """Record that somebody is to be erased now; return the id for `Eraser.work`."""
    return Erasure.hasten(session, subscriber_id, now)


def waits_until(session: Session, person: Subscriber, now: datetime) -> date | None:
    """Return the local day until which erasing waits for a former address of a subscriber, or None if for none."""
    last = _last_to_take_back(session, person, now)
    return None if last is None else local_date(last, person.zone)


def ask(session: Session, person: Subscriber, now: datetime) -> list[int]:
    """Record that somebody is to be erased in 24 hours, and sign all their browsers out; return the emails' ids.

    Signing in takes it back (`sign_in.open_session`), and so does a former address that takes a change of address
    back: it is told, and erasing waits for it. What they reply until then is kept, and goes with the rest.
    """
    due_at = max(now + TIME_TO_TAKE_BACK, _last_to_take_back(session, person, now) or now)
    erasure_id = Erasure.ask(session, person.id, now=now, due_at=due_at)
    BrowserSession.end_all(session, person.id)
    goodbye = NewDelivery(
        subscriber_id=person.id,
        kind=DeliveryKind.GOODBYE,
        slot=f"{local_date(now, person.zone)}/{erasure_id}",
        ready_at=now,
        expires_at=due_at,
        planned_at=now,
        enqueued_at=now,
    )
    return [*Delivery.plan(session, [goodbye]), *change_address.warn_of_erasing(session, person, now)]


def _last_to_take_back(session: Session, person: Subscriber, now: datetime) -> datetime | None:
    """Return until when the last of a subscriber's changes of address can be taken back, or None."""
    return max((change.back_until for change in AddressChange.all_to_take_back(session, person.id, now)), default=None)
