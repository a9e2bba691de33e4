"""Pausing the questions to a recipient domain that refuses us, and resuming them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.sending.domain_results import DomainResults, PauseReason
from service.db import Database
from service.flows.outgoing.email_builder import OutgoingDelivery
from service.flows.outgoing.planning.plan_writer_mail import plan_writer_mail
from service.models import DomainHour, DomainPause, Keyring, WriterMailKind
from service.models.outgoing.deliveries.delivery_kind import SCHEDULED_KINDS

LOOK_AGAIN_AFTER = timedelta(minutes=15)
PROBE_EVERY = timedelta(hours=1)
CAUSES = {
    PauseReason.REFUSED: "It refused {refusals} of {results} emails within a day",
    PauseReason.COMPLAINED: "{complaints} of {results} emails within a day were called spam",
}
_WHAT_NEXT = {
    PauseReason.REFUSED: "One question an hour is tried. When one is delivered, the pause ends by itself.",
    PauseReason.COMPLAINED: "The pause doesn’t end by itself.",
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PausedDomain:
    """A domain that gets no questions, why, and the results of the 24 hours before the pause."""

    domain: str
    reason: str
    paused_at: datetime
    found: DomainResults


def record_results(session: Session, keyring: Keyring, domain: str, found: DomainResults, now: datetime) -> None:
    """Count the results of emails to a domain, and pause its questions if too many failed.

    Call it last in a transaction: many events of a large domain write the same row.
    """
    domain_hash = keyring.domain_hash(domain)
    DomainHour.add(session, domain_hash, now, found)
    if not found.refusals and not found.complaints:
        return
    recent = DomainHour.recent(session, domain_hash, now)
    reason = recent.pause_reason
    if reason is None:
        return
    pause = DomainPause(
        domain_hash=domain_hash,
        sealed_domain=keyring.seal_domain(domain),
        reason=reason,
        paused_at=now,
        probe_at=now + PROBE_EVERY,
        results=recent.results,
        refusals=recent.refusals,
        complaints=recent.complaints,
    )
    if DomainPause.add(session, pause):
        log.error(
            "domain.paused",
            domain=domain,
            reason=reason.value,
            results=recent.results,
            refusals=recent.refusals,
            complaints=recent.complaints,
        )
        _tell_writers(session, keyring, domain, reason, recent, now=now)


def resume(session: Session, keyring: Keyring, domain: str) -> bool:
    """Resume the questions to a domain and reset its results; return whether it was paused."""
    domain_hash = keyring.domain_hash(domain)
    if not DomainPause.end(session, domain_hash):
        return False
    DomainHour.forget(session, domain_hash)
    log.warning("domain.resumed", domain=domain)
    return True


def paused_domains(session: Session, keyring: Keyring) -> list[PausedDomain]:
    """Return the domains that get no questions now, in the order in which they were paused."""
    return [
        PausedDomain(keyring.open_domain(pause.sealed_domain), pause.reason, pause.paused_at, pause.found)
        for pause in DomainPause.all(session)
    ]


def hold_back(
    database: Database, keyring: Keyring, deliveries: Sequence[OutgoingDelivery], now: datetime
) -> tuple[list[OutgoingDelivery], list[OutgoingDelivery]]:
    """Return the deliveries that may go now, and those whose recipient's domain is paused.

    One delivery an hour to a domain that refused us is still sent: if it is delivered, the pause ends.
    """
    with database.read() as session:
        paused = DomainPause.hashes(session)
    if not paused:
        return [*deliveries], []
    held = {
        outgoing.delivery.id: domain_hash
        for outgoing in deliveries
        if outgoing.delivery.kind in SCHEDULED_KINDS
        and (domain_hash := keyring.domain_hash(Address(outgoing.recipient.address).domain)) in paused
    }
    held = _without_probes(database, held, now)
    return (
        [outgoing for outgoing in deliveries if outgoing.delivery.id not in held],
        [outgoing for outgoing in deliveries if outgoing.delivery.id in held],
    )


def _tell_writers(
    session: Session, keyring: Keyring, domain: str, reason: PauseReason, found: DomainResults, *, now: datetime
) -> None:
    cause = CAUSES[reason].format(results=found.results, refusals=found.refusals, complaints=found.complaints)
    values = {"domain": domain, "cause": cause, "next": _WHAT_NEXT[reason]}
    key = f"{keyring.domain_hash(domain).hex()}/{now:%Y-%m-%dT%H:%M}"
    plan_writer_mail(session, keyring, WriterMailKind.DOMAIN_PAUSED, values, key=key, now=now)


def _without_probes(database: Database, held: dict[int, bytes], now: datetime) -> dict[int, bytes]:
    first_of: dict[bytes, int] = {}
    for delivery_id, domain_hash in held.items():
        first_of.setdefault(domain_hash, delivery_id)
    if not first_of:
        return held
    with database.write() as session:
        probes = _take_probes(session, first_of.items(), now)
    return {delivery_id: domain_hash for delivery_id, domain_hash in held.items() if delivery_id not in probes}


def _take_probes(session: Session, first_of: Iterable[tuple[bytes, int]], now: datetime) -> set[int]:
    # In the order of the hashes, so that two workers never deadlock.
    return {
        delivery_id
        for domain_hash, delivery_id in sorted(first_of)
        if DomainPause.take_probe(session, domain_hash, now, now + PROBE_EVERY)
    }
