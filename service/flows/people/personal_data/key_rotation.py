"""Retiring master keys: which keys still need one, and wrapping all of them by the newest (`KeyRotation`).

Only wrapped keys change. What they seal stays as it is, and so do the index key and all that is found by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from service.core.sealing import MasterKeys, SealError
from service.db import Database
from service.models import Keyring, ServiceKey, WrappedDataKey, wrapped_keys_by_master

CHUNK = 500
# How often the data keys are gone through, for those that were locked, or added by a process with other settings.
MOST_PASSES = 5


@dataclass(frozen=True, slots=True)
class MasterKeyUse:
    """How many wrapped keys need one master key."""

    fingerprint: str
    position: int | None  # in ENCRYPTION_KEYS, from 1; None if it is not there
    needed_by: int

    @property
    def can_go(self) -> bool:
        """Return whether the key can be removed from ENCRYPTION_KEYS."""
        return self.position is not None and self.position > 1 and self.needed_by == 0


@dataclass(frozen=True, slots=True)
class RotatedKeys:
    """What one rotation did: how many keys it wrapped again, and how many still need another master key."""

    wrapped: int
    left: int
    unreadable: int  # of those left: damaged, or wrapped by none of ENCRYPTION_KEYS


def master_key_uses(session: Session, masters: MasterKeys) -> list[MasterKeyUse]:
    """Return the master keys: those of ENCRYPTION_KEYS in their order, then others that are needed."""
    needed = wrapped_keys_by_master(session)
    listed = [MasterKeyUse(name.hex(), i, needed.pop(name, 0)) for i, name in enumerate(masters.names, start=1)]
    return listed + [MasterKeyUse(name.hex(), None, number) for name, number in sorted(needed.items())]


def number_to_rotate(session: Session, masters: MasterKeys) -> int:
    """Return how many keys another master key than the newest wraps."""
    return sum(use.needed_by for use in master_key_uses(session, masters) if use.position != 1)


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """Wraps every key by the newest master key; one that was interrupted is finished by the next."""

    database: Database
    keyring: Keyring = field(repr=False)
    chunk: int = CHUNK

    def work(self, record: Callable[[Session, int], None]) -> RotatedKeys:
        """Wrap all keys again and return what was done; `record` gets their number, in the last transaction.

        The service's own keys come last: a process does not start without the master key that wraps them, so until
        everybody's data key is done, no process starts with the newest master key alone.
        """
        wrapped, unreadable, left = 0, 0, 0
        for _ in range(MOST_PASSES):
            done, unreadable = self._wrap_data_keys()
            wrapped += done
            with self.database.read() as session:
                left = WrappedDataKey.number_of_other_masters(session, self._newest)
            if left <= unreadable:
                break
        with self.database.write() as session:
            if left <= unreadable:
                wrapped += ServiceKey.wrap_all_again(session, self.keyring.masters)
            if wrapped:
                record(session, wrapped)
        for table in (WrappedDataKey, ServiceKey):
            self.database.clear_deleted(table.__tablename__)
        with self.database.read() as session:
            return RotatedKeys(wrapped, number_to_rotate(session, self.keyring.masters), unreadable)

    @property
    def _newest(self) -> bytes:
        return self.keyring.masters.names[0]

    def _wrap_data_keys(self) -> tuple[int, int]:
        """Go through all data keys once; return how many were wrapped again, and how many do not open."""
        wrapped, unreadable = 0, 0
        chunk: Sequence[tuple[int, bytes]] = []
        while True:
            last_id = chunk[-1][0] if chunk else 0
            with self.database.write() as session:
                chunk = WrappedDataKey.of_other_masters(session, self._newest, last_id, self.chunk)
                again = [(owner, new, old) for owner, old in chunk if (new := self._wrapped_again(owner, old))]
                WrappedDataKey.replace_many(session, again)
            wrapped += len(again)
            unreadable += len(chunk) - len(again)
            if len(chunk) < self.chunk:
                return wrapped, unreadable
            self.database.let_others_write()

    def _wrapped_again(self, subscriber_id: int, old: bytes) -> bytes | None:
        """Return a data key wrapped by the newest master key, or None if it does not open."""
        try:
            return self.keyring.wrap_subscriber_key_again(subscriber_id, old)
        except SealError:
            return None
