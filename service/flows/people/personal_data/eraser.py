"""Erasing a subscriber (`Eraser`): first the key, then the objects and rows; and again in a restored database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from service.clock import Clock
from service.core.settings.consent import ConsentEvent
from service.db import Database
from service.flows.people.journal.photos.entry_photos import remove_objects
from service.flows.people.settings.consent import record_consent
from service.mail.outbound.mailer import ProviderMisconfigured, ProviderUnreachable, SuppressionLists
from service.models import Erasure, Keyring, Subscriber, SubscriberStatus, Tombstone, WrappedDataKey
from service.models.people.personal_data.erased_rows import delete_subscriber, names_of_objects
from service.storage import Storage

TOMBSTONES = "tombstones"
ID_BYTES = 8
CHUNK = 1000
# How long erasing waits for a provider that does not answer.
PROVIDER_PATIENCE = timedelta(hours=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Eraser:
    """Erases subscribers; what a crash interrupts, another call with the same id finishes."""

    database: Database
    keyring: Keyring = field(repr=False)
    storage: Storage
    suppression_lists: SuppressionLists
    clock: Clock

    def work(self, erasure_id: int) -> tuple[int, ...]:
        """Erase the subscriber of an erasure that is due and was not taken back; plan no delivery, ever.

        Raises:
            StorageError: an object was not deleted; another attempt may succeed.
        """
        now = self.clock()
        with self.database.read() as session:
            erasure = Erasure.due(session, erasure_id, now)
            person = session.get(Subscriber, erasure.subscriber_id) if erasure else None
        if erasure is None or person is None:
            return ()
        if erasure.begun_at is None and not self._ask_provider(person, erasure.due_at):
            return ()
        if self._destroy_key(erasure_id, person.id, now):
            self._erase_what_is_left(person, now)
            log.info("subscriber.erased")
        return ()

    def erase_again(self) -> int:
        """Erase whoever a restored database has although they were erased; return how many.

        The marks outside the database say who they are; those that the database lacks are added to it.
        """
        now = self.clock()
        marks = self._marks_outside()
        with self.database.read() as session:
            missing = Tombstone.missing(session, marks)
        if not missing:
            return 0
        found = self._subscribers_among(missing)
        for person in found:
            with self.database.write() as session:
                erasure_id = Erasure.hasten(session, person.id, now)
            if self._destroy_key(erasure_id, person.id, now):
                self._erase_what_is_left(person, now)
        with self.database.write() as session:
            for id_hash in missing:
                Tombstone.add(session, id_hash, marks[id_hash])
        log.warning("subscribers.erased_again", number=len(found))
        return len(found)

    def _ask_provider(self, person: Subscriber, due_at: datetime) -> bool:
        """Have the provider drop the person's address from its lists; return whether to go on."""
        address = self.keyring.address_of(person)
        try:
            self.suppression_lists.lift_suppression(address.text)
        except (ProviderUnreachable, ProviderMisconfigured) as error:
            goes_on = self.clock() - due_at >= PROVIDER_PATIENCE
            log.warning("erasure.provider_not_reached", error=type(error).__name__, goes_on=goes_on)
            return goes_on
        return True

    def _destroy_key(self, erasure_id: int, subscriber_id: int, now: datetime) -> bool:
        """Destroy a person's key, after which nothing takes it back; return False if it was taken back before."""
        with self.database.write() as session:
            # Lock the subscriber before the erasure, as signing in does: any other order deadlocks.
            person = Subscriber.locked(session, subscriber_id)
            if person is None or not Erasure.begin(session, erasure_id, now):
                return False
            _stop(session, person, now)
            WrappedDataKey.destroy(session, person.id)
            Tombstone.add(session, self._id_hash(person.id), now.astimezone(UTC).date())
        return True

    def _erase_what_is_left(self, person: Subscriber, now: datetime) -> None:
        day = now.astimezone(UTC).date().isoformat()
        self.storage.put(f"{TOMBSTONES}/{self._id_hash(person.id).hex()}", day.encode())
        with self.database.read() as session:
            names = names_of_objects(session, person.id)
        remove_objects(self.storage, names)
        with self.database.write() as session:
            Subscriber.locked(session, person.id)
            later = names_of_objects(session, person.id)  # those of mail that came meanwhile
            delete_subscriber(session, person.id, person.address_hash)
        remove_objects(self.storage, later - names)
        self.database.clear_deleted(WrappedDataKey.__tablename__)

    def _marks_outside(self) -> dict[bytes, date]:
        """Return who was erased, by the keyed hash of their id, and when, as the object store says."""
        names = self.storage.names_before(TOMBSTONES, datetime.max.replace(tzinfo=UTC))
        marks = {}
        for name in names:
            id_hash = bytes.fromhex(name.rpartition("/")[2])
            marks[id_hash] = date.fromisoformat(self.storage.get(name).decode())
        return marks

    def _subscribers_among(self, id_hashes: Collection[bytes]) -> list[Subscriber]:
        found: list[Subscriber] = []
        last_id, chunk = 0, [*range(CHUNK)]
        while len(chunk) == CHUNK:
            with self.database.read() as session:
                people = Subscriber.after(session, last_id, CHUNK)
            found += [person for person in people if self._id_hash(person.id) in id_hashes]
            chunk = [person.id for person in people]
            last_id = chunk[-1] if chunk else last_id
        return found

    def _id_hash(self, subscriber_id: int) -> bytes:
        return self.keyring.index.digest("erased subscriber", subscriber_id.to_bytes(ID_BYTES, "big"))


def _stop(session: Session, person: Subscriber, now: datetime) -> None:
    """Stop everything that a person gets; the lines say that they withdrew."""
    if person.status in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}:
        for stream in person.streams:
            record_consent(session, person, ConsentEvent.STOPPED, stream, source="erasing", now=now)
    person.status, person.next_prompt_at, person.next_digest_at = SubscriberStatus.STOPPED, None, None
