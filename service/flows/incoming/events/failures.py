"""What the service does when an email was delivered, failed, was reported as spam, or led to an unsubscribe."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.sending.domain_results import DomainResults, PauseReason
from service.core.sending.failure_class import FailureClass
from service.flows.outgoing.sending.domain_pauses import record_results, resume
from service.flows.people.subscription import account
from service.mail.provider_events import BOUNCES, COMPLAINTS, ProviderEvent
from service.models import (
    AddressChange,
    DomainPause,
    FullMailbox,
    Keyring,
    Subscriber,
    Suppression,
    SuppressionReason,
)
from service.models.outgoing.deliveries.delivery_failures import mark_undelivered, was_sent_after


def record_failure(session: Session, keyring: Keyring, event: ProviderEvent, address: Address, now: datetime) -> None:
    """Record a final failure of a delivery, and what it shows about the address or about us.

    Only an address that does not exist and a mailbox that stays full are suppressed. A refusal that is about us never
    suppresses an address; it is counted for the recipient's domain.
    """
    failure = event.failure
    if failure is None:
        return
    address_hash = keyring.address_hash(address)
    person = AddressChange.find_person(session, address_hash)
    if person is not None and event.delivery_id is not None:
        Subscriber.lock_all(session, [person.id])
        if mark_undelivered(session, event.delivery_id, person.id, failure):
            Subscriber.uncount_unanswered(session, person.id)
    if failure is FailureClass.SUPPRESSED:
        _follow_the_provider(session, keyring, event, address, now)
        return
    if failure is FailureClass.ADDRESS or (
        failure is FailureClass.FULL and _is_abandoned(session, address_hash, event)
    ):
        Suppression.add(session, address_hash, SuppressionReason.BOUNCED, now)
    record_results(session, keyring, address.domain, DomainResults(1, int(failure.is_about_us), 0), now)


def record_delivered(session: Session, keyring: Keyring, event: ProviderEvent, address: Address, now: datetime) -> None:
    """Record that an email was delivered, so the mailbox is not full and its domain accepts our mail.

    If it was sent after the domain's questions were paused, they resume.
    """
    person = Subscriber.with_address(session, keyring.address_hash(address))
    if person is not None:
        FullMailbox.forget(session, person.id, event.occurred_at)
    pause = session.get(DomainPause, keyring.domain_hash(address.domain))
    if (
        pause is not None
        and pause.reason == PauseReason.REFUSED
        and person is not None
        and event.delivery_id is not None
        and was_sent_after(session, event.delivery_id, person.id, pause.paused_at)
    ):
        resume(session, keyring, address.domain)
    record_results(session, keyring, address.domain, DomainResults(1, 0, 0), now)


def record_complaint(session: Session, keyring: Keyring, address: Address, now: datetime) -> None:
    """Record that somebody reported an email as spam: suppress the address and stop all its emails.

    A complaint about an address that somebody has moved from counts for their new one too.
    """
    _suppress(session, keyring.address_hash(address), SuppressionReason.COMPLAINED, now)
    stop(session, keyring, address, now)
    record_results(session, keyring, address.domain, DomainResults(0, 0, 1), now)


def stop(session: Session, keyring: Keyring, address: Address, now: datetime) -> None:
    """Stop the emails of the person who has this address or has moved from it, if there is one."""
    person = AddressChange.find_person(session, keyring.address_hash(address))
    if person is not None:
        account.stop(session, person, now, source="provider")


def _follow_the_provider(
    session: Session, keyring: Keyring, event: ProviderEvent, address: Address, now: datetime
) -> None:
    """Suppress the address or stop its emails, as the provider's own suppression list already does."""
    reasons = {BOUNCES: SuppressionReason.BOUNCED, COMPLAINTS: SuppressionReason.COMPLAINED}
    reason = reasons.get(event.suppressed_by or "")
    if reason is not None:
        _suppress(session, keyring.address_hash(address), reason, now)
    if event.suppressed_by != BOUNCES:
        stop(session, keyring, address, now)


def _suppress(session: Session, address_hash: bytes, reason: SuppressionReason, now: datetime) -> None:
    """Suppress an address, and after a complaint the new address of whoever has moved from it."""
    Suppression.add(session, address_hash, reason, now)
    person = AddressChange.find_person(session, address_hash) if reason is SuppressionReason.COMPLAINED else None
    if person is not None and person.address_hash != address_hash:
        Suppression.add(session, person.address_hash, reason, now)


def _is_abandoned(session: Session, address_hash: bytes, event: ProviderEvent) -> bool:
    person = Subscriber.with_address(session, address_hash)
    return person is not None and FullMailbox.record_refusal(session, person.id, event.occurred_at).is_abandoned
