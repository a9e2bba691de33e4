"""Bringing stored addresses to the form in which addresses are compared: with an ASCII domain.

Alembic cannot do it, since it needs the keys: the command `smallsteps migrate` runs it after the tables are up to date.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.db import Database
from service.models import Heartbeat, Keyring, Subscriber

ROWS_AT_ONCE = 1000


DONE = "ascii_domains"  # noted among the heartbeats, so that every start but the first reads one row


def store_ascii_domains(database: Database, keyring: Keyring, now: datetime) -> int:
    """Return how many subscribers got the ASCII form of their domain; only the first run looks at them.

    Where a subscriber with that form exists already, both are the same mailbox: the other row stays as it is, and mail
    from the address goes to the one that has the ASCII form.
    """
    with database.read() as session:
        if Heartbeat.last_at(session, DONE) is not None:
            return 0
    changed, last_id = 0, 0
    while True:
        with database.write() as session:
            chunk = Subscriber.after(session, last_id, ROWS_AT_ONCE)
            changed += sum(_stored(keyring, subscriber, session) for subscriber in chunk)
        if len(chunk) < ROWS_AT_ONCE:
            break
        last_id = chunk[-1].id
    with database.write() as session:
        Heartbeat.record(session, DONE, now)
    return changed


def _stored(keyring: Keyring, subscriber: Subscriber, session: Session) -> bool:
    """Store one subscriber's address in its ASCII form; return whether it had another."""
    stored = keyring.address_of(subscriber)
    try:
        address = Address.parse(stored.text)
    except AddressError:  # no longer an address we accept: nothing could be compared with it
        return False
    if address == stored or Subscriber.with_address(session, keyring.address_hash(address)) is not None:
        return False
    subscriber.address_hash = keyring.address_hash(address)
    subscriber.sealed_address = keyring.seal_address(keyring.key_of(subscriber), subscriber.id, address)
    return True
