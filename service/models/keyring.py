"""The service's own keys, wrapped in the database, and the sealing of what belongs to one subscriber."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.addresses import Address
from service.core.sealing import DataKey, IndexKey, MasterKeys, SealError, new_data_key
from service.db import Base, Database, insert_into
from service.models.people.subscription.data_key import WrappedDataKey, master_name, number_by_master
from service.models.people.subscription.subscriber import Subscriber

INDEX = "index"
INBOUND = "inbound"


class ServiceKey(Base):
    """A key of the service itself, wrapped by the keys of the environment."""

    __tablename__ = "service_keys"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

    @classmethod
    def wrap_all_again(cls, session: Session, masters: MasterKeys) -> int:
        """Wrap the service's keys by the newest master key; return how many another one had wrapped."""
        others = select(cls).where(master_name(cls.wrapped) != masters.names[0]).with_for_update()
        rows = session.scalars(others).all()
        for row in rows:
            row.wrapped = masters.wrap_again(row.wrapped, place=_place_of_service_key(row.name), random=os.urandom)
        session.flush()
        return len(rows)


# Every column that holds something which a master key itself has sealed.
WRAPPED = (WrappedDataKey.wrapped, ServiceKey.wrapped)


@dataclass(frozen=True, slots=True)
class Keyring:
    """All keys of this process: the master keys, the index key, and the key for mail that has no owner yet."""

    masters: MasterKeys = field(repr=False)
    index: IndexKey = field(repr=False)
    inbound: DataKey = field(repr=False)

    @classmethod
    def load(cls, database: Database, keys: tuple[bytes, ...], now: datetime) -> Keyring:
        """Return the keyring; the service's keys are made the first time.

        Raises:
            SealError: none of `keys` wrapped the keys in the database.
        """
        masters = MasterKeys(keys)
        with database.write() as session:
            index, inbound = (_service_key(session, masters, name, now) for name in (INDEX, INBOUND))
        return cls(masters, IndexKey(index.key), inbound)

    def new_subscriber_key(self, subscriber_id: int) -> tuple[DataKey, bytes]:
        """Return a fresh data key for a person, and its wrapped form for `data_keys`."""
        key = new_data_key(os.urandom)
        return key, self.masters.wrap(key, place=_place_of_key(subscriber_id), random=os.urandom)

    def wrap_subscriber_key_again(self, subscriber_id: int, wrapped: bytes) -> bytes:
        """Return a person's data key, wrapped by the newest master key; raises SealError."""
        return self.masters.wrap_again(wrapped, place=_place_of_key(subscriber_id), random=os.urandom)

    def key_of(self, subscriber: Subscriber) -> DataKey:
        """Return the key of a person's words; raises SealError, also if it was destroyed."""
        if subscriber.wrapped_key is None:
            raise SealError("this subscriber has no data key")
        return self.masters.unwrap(subscriber.wrapped_key, place=_place_of_key(subscriber.id))

    def seal_address(self, key: DataKey, subscriber_id: int, address: Address) -> bytes:
        """Return an address sealed for its owner's row."""
        return key.seal_text(address.text, place=f"subscribers.address:{subscriber_id}", random=os.urandom)

    def address_of(self, subscriber: Subscriber) -> Address:
        """Return a person's address; raises SealError."""
        place = f"subscribers.address:{subscriber.id}"
        return Address(self.key_of(subscriber).open_text(subscriber.sealed_address, place=place))

    def address_hash(self, address: Address) -> bytes:
        """Return the hash by which an address is found, 32 bytes."""
        return self.index.address_hash(address.text)

    def domain_hash(self, domain: str) -> bytes:
        """Return the hash by which a recipient domain is found, 32 bytes."""
        return self.index.digest("recipient domain", domain.encode())

    def seal_domain(self, domain: str) -> bytes:
        """Return the name of a recipient domain sealed under the service's key."""
        return self.inbound.seal_text(domain, place="domain_pauses.domain", random=os.urandom)

    def open_domain(self, sealed: bytes) -> str:
        """Return the name of a recipient domain; raises SealError."""
        return self.inbound.open_text(sealed, place="domain_pauses.domain")

    def seal_own(self, *pieces: bytes, place: str) -> bytes:
        """Return content sealed under the service's inbound key, before it has an owner; given in pieces or whole."""
        return self.inbound.seal_pieces(pieces, place=place, random=os.urandom)


def wrapped_keys_by_master(session: Session) -> dict[bytes, int]:
    """Return how many wrapped keys of all tables each master key wraps, by the name of the master key."""
    numbers: Counter[bytes] = Counter()
    for column in WRAPPED:
        numbers.update(number_by_master(session, column))
    return dict(numbers)


def _place_of_key(subscriber_id: int) -> str:
    # The keys were wrapped for this place before they had a table of their own.
    return f"subscribers.data_key:{subscriber_id}"


def _place_of_service_key(name: str) -> str:
    return f"service_keys:{name}"


def _service_key(session: Session, masters: MasterKeys, name: str, now: datetime) -> DataKey:
    place = _place_of_service_key(name)
    kept = select(ServiceKey.wrapped).where(ServiceKey.name == name)
    wrapped = session.scalar(kept)
    if wrapped is None:
        new = masters.wrap(new_data_key(os.urandom), place=place, random=os.urandom)
        values = {"name": name, "wrapped": new, "created_at": now}
        # Two processes may start at once on an empty database: both use the key that is stored first.
        session.execute(insert_into(session, ServiceKey).values(values).on_conflict_do_nothing())
        wrapped = session.scalars(kept).one()
    return masters.unwrap(wrapped, place=place)
