"""Keeping our suppressions and the provider's lists the same, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from service.clock import Clock
from service.core.addresses import Address, AddressError
from service.core.sealing import SealError
from service.core.sending.failure_class import FailureClass, failure_class
from service.core.settings.consent import ConsentEvent
from service.db import Database
from service.flows.people.subscription import account
from service.mail.outbound.mailer import ListedAddress, ProviderMisconfigured, ProviderUnreachable, SuppressionLists
from service.mail.provider_events import BOUNCES, COMPLAINTS, UNSUBSCRIBES
from service.models import (
    AddressChange,
    Consent,
    Keyring,
    Subscriber,
    Suppression,
    SuppressionCursor,
    SuppressionReason,
)
from service.models.people.addresses.suppression_sync import push_later, suppressions_to_push

LISTS = (BOUNCES, COMPLAINTS, UNSUBSCRIBES)
PAGE = 100
PUSHED_AT_ONCE = 10
READ_EVERY = timedelta(days=1)
LEASE = timedelta(minutes=5)
_LIST_OF = {SuppressionReason.BOUNCED: BOUNCES, SuppressionReason.COMPLAINED: COMPLAINTS}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SuppressionSync:
    """Reads the provider's lists and tells it of our suppressions; each run makes few requests."""

    database: Database
    keyring: Keyring = field(repr=False)
    lists: SuppressionLists
    clock: Clock
    page: int = PAGE

    def run(self) -> None:
        """Read the next page of a list that is due, if any, and add to the provider's lists what they lack.

        Each list is read once a day. Several clocks may run this at the same time.
        """
        now = self.clock()
        with self.database.write() as session:
            cursor = SuppressionCursor.take(session, LISTS, now, now + LEASE)
        try:
            if cursor is not None:
                self._read_page(cursor, now)
            self._push(now)
        except ProviderMisconfigured as error:
            # With a sending-only key, the lists are known only through events.
            log.error("suppressions.not_synced", error=str(error))
            if cursor is not None:
                self._store(cursor.name, None, now + READ_EVERY)
        except ProviderUnreachable as error:
            log.warning("suppressions.not_synced", error=str(error))

    def _read_page(self, cursor: SuppressionCursor, now: datetime) -> None:
        after = self._opened(cursor)
        listed = self.lists.read_suppressions(cursor.name, after, self.page)
        with self.database.write() as session:
            to_lift = [address for entry in listed if (address := self._take_over(session, cursor.name, entry, now))]
        for address in to_lift:
            self.lists.lift_suppression(address)
        is_last = len(listed) < self.page
        self._store(cursor.name, None if is_last else listed[-1].address, now + READ_EVERY if is_last else now)

    def _take_over(self, session: Session, name: str, entry: ListedAddress, now: datetime) -> str | None:
        """Suppress a listed address if it is a subscriber's; return it if it should not be on the provider's list."""
        try:
            address = Address.parse(entry.address)
        except AddressError:
            return None
        address_hash = self.keyring.address_hash(address)
        person = AddressChange.find_person(session, address_hash)
        if person is None:
            return None
        if name == BOUNCES:
            if _is_about_something_else(entry):
                return address.text
            Suppression.add(session, address_hash, SuppressionReason.BOUNCED, now)
            return None
        if name == UNSUBSCRIBES and _has_agreed_since(session, person, entry):
            return address.text
        if name == COMPLAINTS:
            for each in {address_hash, person.address_hash}:
                Suppression.add(session, each, SuppressionReason.COMPLAINED, now)
        account.stop(session, person, now, source="provider")
        return None

    def _push(self, now: datetime) -> None:
        with self.database.read() as session:
            due = suppressions_to_push(session, now, PUSHED_AT_ONCE)
        for suppression, person in due:
            try:
                address = self.keyring.address_of(person).text
                self.lists.add_suppression(_LIST_OF[SuppressionReason(suppression.reason)], address)
            except SealError:
                log.error("suppression.not_pushed", subscriber=person.id)
            except ProviderMisconfigured:
                self._push_later(suppression, now + READ_EVERY)
                raise
            self._push_later(suppression, None)

    def _push_later(self, suppression: Suppression, at: datetime | None) -> None:
        with self.database.write() as session:
            push_later(session, suppression.address_hash, at)

    def _store(self, name: str, after: str | None, due_at: datetime) -> None:
        sealed = None if after is None else self.keyring.seal_own(after.encode(), place=_place(name))
        with self.database.write() as session:
            SuppressionCursor.store(session, name, sealed, due_at)

    def _opened(self, cursor: SuppressionCursor) -> str | None:
        if cursor.sealed_after is None:
            return None
        return self.keyring.inbound.open(cursor.sealed_after, place=_place(cursor.name)).decode()


def _is_about_something_else(entry: ListedAddress) -> bool:
    """Return whether a bounce was a refusal that is about us, or a full mailbox: neither suppresses an address."""
    if entry.enhanced_code is None:
        return False
    return failure_class(entry.enhanced_code, entry.code) is not FailureClass.ADDRESS


def _has_agreed_since(session: Session, person: Subscriber, entry: ListedAddress) -> bool:
    """Return whether a subscriber confirmed after unsubscribing at the provider."""
    lines = Consent.for_address(session, person.address_hash)
    return entry.since is not None and any(
        line.event == ConsentEvent.CONFIRMED and line.at > entry.since for line in lines
    )


def _place(name: str) -> str:
    return f"suppression_cursors.after:{name}"
