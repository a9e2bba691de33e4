"""The provider's events, each accepted once: as evidence for its delivery, and passed on to `failures`."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.flows.incoming.events import failures
from service.flows.incoming.events.letter_outcomes import record_letter_event
from service.flows.outgoing.settling.evidence import weigh
from service.flows.outgoing.settling.old_copy import hold_sending
from service.mail.provider_events import ROUND_TRIP, ProviderEvent
from service.models import Heartbeat, HoldReason, Keyring, RoundTrip, WebhookToken, WriterMail
from service.models.outgoing.deliveries import delivery_evidence

EVENTS = "events"
NOTED_EVERY = timedelta(minutes=1)

log = structlog.get_logger()


def note_webhook(session: Session, now: datetime) -> None:
    """Note that events come by webhook; once a minute is enough, since every event would wait for the same row."""
    seen_at = Heartbeat.last_at(session, EVENTS)
    if seen_at is None or now - seen_at > NOTED_EVERY:
        Heartbeat.record(session, EVENTS, now)


def record_event(session: Session, keyring: Keyring, event: ProviderEvent, *, token: str, now: datetime) -> bool:
    """Record an event and return whether it was new; an event with a known token changes nothing.

    A delivery that the provider reports on counts as sent, even if the response to its request was lost; after a final
    failure it counts as failed. A complaint, or the provider's own unsubscribe link, stops the emails.
    """
    token_hash = keyring.index.digest("event token", token.encode("utf-8", "surrogatepass"))
    if not WebhookToken.spend(session, token_hash, token_hash, now):
        return False
    if event.kind == ROUND_TRIP:  # it is about no person, so it says nothing about an address
        if event.name == "delivered" and event.delivery_id is not None:
            RoundTrip.note_event(session, event.delivery_id, now)
        return True
    evidence = weigh(session, keyring, [event])
    if event.failure is None:
        delivery_evidence.mark_accepted(session, evidence.taken, now)
        WriterMail.mark_accepted(session, evidence.writer_mails, now)
    else:
        WriterMail.mark_undelivered(session, evidence.writer_mails, event.failure)
    if evidence.not_known:
        hold_sending(session, keyring, HoldReason.OLD_COPY, now)
    address = _address(event.recipient)
    if address is not None:
        _record_end(session, keyring, event, address, now)
        record_letter_event(session, keyring, event, address, now)
    return True


def _record_end(session: Session, keyring: Keyring, event: ProviderEvent, address: Address, now: datetime) -> None:
    """Record how an email to this address ended, if the event says so."""
    if event.failure is not None:
        failures.record_failure(session, keyring, event, address, now)
    elif event.name == "delivered":
        failures.record_delivered(session, keyring, event, address, now)
    elif event.name == "complained":
        failures.record_complaint(session, keyring, address, now)
    elif event.name == "unsubscribed":
        failures.stop(session, keyring, address, now)


def _address(recipient: str) -> Address | None:
    try:
        return Address.parse(recipient)
    except AddressError:
        return None
