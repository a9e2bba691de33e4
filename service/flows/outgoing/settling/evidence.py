"""Comparing the provider's events with the deliveries of this database.

An event counts for a delivery only if its recipient is that delivery's person, by their address or one that they have
moved from, and only if this installation sent it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.db import Database
from service.mail.provider_events import WRITER_MAIL, ProviderEvent
from service.models import (
    AddressChange,
    Delivery,
    DeliveryKind,
    Installation,
    Keyring,
    KnownDelivery,
    Subscriber,
    WriterMail,
    open_content,
)
from service.models.outgoing.deliveries import delivery_evidence

# The events that prove that the provider accepted the email.
TAKEN = frozenset({"accepted", "delivered", "failed", "opened", "clicked", "complained", "unsubscribed"})
# Only these come soon after the request. A complaint may come weeks later, after a person has left and signed up again.
_SOON = frozenset({"accepted", "delivered"})
_KINDS = frozenset(DeliveryKind)
_TO_ANOTHER_ADDRESS = frozenset({DeliveryKind.ALIAS, DeliveryKind.ADDRESS})
# A person who left and signed up again has a new row, not the one that the email was sent to.
_SURELY_THE_SAME_PERSON = timedelta(days=1)
EVENTS_A_TRANSACTION = 300


@dataclass(frozen=True, slots=True)
class TakenEmail:
    """An email to a known person that the provider accepted, and for which this database has no request."""

    subscriber_id: int
    kind: str
    slot: str
    delivery_id: int | None
    message_id: str | None = field(repr=False)
    taken_at: datetime
    known: KnownDelivery | None = None


@dataclass(slots=True)
class EventEvidence:
    """What events show: deliveries and mails to writers that the provider has, by id with its message id.

    And what is not known here.
    """

    taken: dict[int, str | None] = field(default_factory=dict)
    writer_mails: dict[int, str | None] = field(default_factory=dict)
    not_known: list[TakenEmail] = field(default_factory=list)
    settled: int = 0
    strangers: int = 0


def record_events(
    database: Database, keyring: Keyring, events: Iterable[ProviderEvent], now: datetime, *, write: bool = True
) -> Iterator[EventEvidence]:
    """Record which deliveries the provider accepted, by these events; yield what each chunk of events shows.

    No transaction is open while the next events are fetched. Without `write` nothing is recorded.
    """
    remaining = iter(events)
    while lot := [*islice(remaining, EVENTS_A_TRANSACTION)]:
        with database.write() as session:
            evidence = weigh(session, keyring, lot)
            if write:
                evidence.settled = delivery_evidence.mark_accepted(session, evidence.taken, now)
                evidence.settled += WriterMail.mark_accepted(session, evidence.writer_mails, now)
        yield evidence


def weigh(session: Session, keyring: Keyring, events: Sequence[ProviderEvent]) -> EventEvidence:
    """Return what events show, without writing anything."""
    own = Installation.current(session).id
    wanted = [event for event in events if event.name in TAKEN and event.installation in {own, None}]
    hashes = {event.recipient: hash_of_recipient(keyring, event.recipient) for event in wanted}
    people = Subscriber.with_addresses(session, [found for found in hashes.values() if found])
    comparison = _Comparison(session, keyring, own, hashes, people)
    comparison.load(wanted)
    evidence = EventEvidence(writer_mails=_writer_mails(session, own, wanted, hashes))
    for event in wanted:
        comparison.weigh(event, evidence)
    return evidence


def _writer_mails(
    session: Session, own: str, events: Sequence[ProviderEvent], hashes: Mapping[str, bytes | None]
) -> dict[int, str | None]:
    """Return the mails to writers that these events are about, by id with the provider's message id."""
    named = {
        event.delivery_id: event
        for event in events
        if event.kind == WRITER_MAIL and event.installation == own and event.delivery_id
    }
    known = WriterMail.called_for(session, named) if named else {}
    return {id_: named[id_].message_id for id_, writer in known.items() if hashes[named[id_].recipient] == writer}


def hash_of_recipient(keyring: Keyring, recipient: str) -> bytes | None:
    """Return the hash of an event's recipient in its compared form, or None if it is not an address."""
    try:
        return keyring.address_hash(Address.parse(recipient))
    except AddressError:
        return None


@dataclass(slots=True)
class _Comparison:
    """Some events, and what the database knows about each."""

    session: Session
    keyring: Keyring
    installation: str
    hashes: dict[str, bytes | None]
    people: dict[bytes, Subscriber]
    by_id: dict[int, KnownDelivery] = field(default_factory=dict)
    by_message: dict[tuple[int, str], KnownDelivery] = field(default_factory=dict)
    by_slot: dict[tuple[int, str, str], KnownDelivery] = field(default_factory=dict)

    def load(self, events: Sequence[ProviderEvent]) -> None:
        """Read the deliveries that the events may be about: by id, else by message id, else by kind and slot."""
        self.by_id = delivery_evidence.known_by_id(self.session, {event.delivery_id or 0 for event in events})
        rest = [event for event in events if event.delivery_id not in self.by_id and self._person(event)]
        if rest:
            self.by_message = delivery_evidence.known_by_message(self.session, {self._message(event) for event in rest})
            self.by_slot = delivery_evidence.known_by_slot(self.session, {self._slot(event) for event in rest})

    def weigh(self, event: ProviderEvent, evidence: EventEvidence) -> None:
        """Add what one event shows."""
        known = self._known(event)
        if known is not None and not self._is_for_its_person(event, known):
            return
        if known is not None and known.was_called_for:
            evidence.taken[known.id] = event.message_id
            return
        person = self._person(event)
        if event.installation != self.installation or event.name not in _SOON or event.kind not in _KINDS:
            return
        if person is None:
            evidence.strangers += 1
        elif known is not None or person.created_at < event.occurred_at - _SURELY_THE_SAME_PERSON:
            evidence.not_known.append(self._taken(event, person, known))

    def _known(self, event: ProviderEvent) -> KnownDelivery | None:
        known = self.by_id.get(event.delivery_id or 0)
        if known is None and self._person(event):
            known = self.by_message.get(self._message(event)) or self.by_slot.get(self._slot(event))
        return known

    def _is_for_its_person(self, event: ProviderEvent, known: KnownDelivery) -> bool:
        recipient = self.hashes[event.recipient]
        to = self._other_recipient(known) if known.kind in _TO_ANOTHER_ADDRESS else None
        if to is not None:
            return recipient == self.keyring.address_hash(to)
        return recipient is not None and (
            recipient == known.address_hash or AddressChange.has_had(self.session, known.subscriber_id, recipient)
        )

    def _other_recipient(self, known: KnownDelivery) -> Address | None:
        """Return the address that is sealed with an email to another address than its person's."""
        delivery = Delivery.find_by_id(self.session, known.subscriber_id, known.id)
        person = self.session.get(Subscriber, known.subscriber_id)
        text = open_content(self.keyring, person, delivery) if delivery and person else None
        return None if text is None else Address(text)

    def _taken(self, event: ProviderEvent, person: Subscriber, known: KnownDelivery | None) -> TakenEmail:
        return TakenEmail(
            subscriber_id=person.id,
            kind=event.kind or "",
            slot=event.slot or "",
            delivery_id=event.delivery_id,
            message_id=event.message_id,
            taken_at=event.occurred_at,
            known=known,
        )

    def _person(self, event: ProviderEvent) -> Subscriber | None:
        return self.people.get(self.hashes[event.recipient] or b"")

    def _message(self, event: ProviderEvent) -> tuple[int, str]:
        person = self._person(event)
        return (person.id if person else 0, event.message_id or "")

    def _slot(self, event: ProviderEvent) -> tuple[int, str, str]:
        person = self._person(event)
        return (person.id if person else 0, event.kind or "", event.slot or "")
