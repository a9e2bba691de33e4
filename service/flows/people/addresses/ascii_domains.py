"""Converting stored addresses to the form in which addresses are compared: with an ASCII domain.

Alembic cannot do this, because it needs the keys. The command `smallsteps migrate` does it after Alembic.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.db import Database
from service.models import Heartbeat, Keyring, Subscriber

CHUNK_ROWS = 1000
DONE = "ascii_domains"  # recorded as a heartbeat, so that every later run reads only one row


def store_ascii_domains(database: Database, keyring: Keyring, now: datetime) -> int:
    """Convert stored addresses and return how many changed; only the first run reads the subscribers.

    If another subscriber has the ASCII form already, both have the same mailbox. The row does not change then, and mail
    from the address belongs to the subscriber with the ASCII form.
    """
    with database.read() as session:
        if Heartbeat.last_at(session, DONE) is not None:
            return 0
    changed, last_id = 0, 0
    while True:
        with database.write() as session:
            chunk = Subscriber.after(session, last_id, CHUNK_ROWS)
            changed += sum(_convert(session, keyring, subscriber) for subscriber in chunk)
        if len(chunk) < CHUNK_ROWS:
            break
        last_id = chunk[-1].id
    with database.write() as session:
        Heartbeat.record(session, DONE, now)
    return changed


def _convert(session: Session, keyring: Keyring, subscriber: Subscriber) -> bool:
    """Convert the address of a subscriber; return whether it changed."""
    stored = keyring.address_of(subscriber)
    try:
        address = Address.parse(stored.text)
    except AddressError:  # no longer a valid address: no address can be equal to it
        return False
    if address == stored or Subscriber.with_address(session, keyring.address_hash(address)) is not None:
        return False
    subscriber.address_hash = keyring.address_hash(address)
    subscriber.sealed_address = keyring.seal_address(keyring.key_of(subscriber), subscriber.id, address)
    return True
