"""Reading the photos of an export, and noting those that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from service.core.dates import full_date
from service.core.sealing import SealError
from service.db import Database
from service.flows.people.journal.photos import entry_photos
from service.models import Keyring, Photo, Subscriber
from service.storage import Storage, StorageError


@dataclass(frozen=True, slots=True)
class PhotoReading:
    """Reads a person's photos; `unreadable` names what could not be read, in words."""

    database: Database
    keyring: Keyring = field(repr=False)
    storage: Storage
    person: Subscriber
    skips_unreadable: bool
    unreadable: list[str] = field(default_factory=list, repr=False)

    def data(self, photo: Photo, on: date) -> bytes | None:
        """Return the bytes of a photo from a local date; None if it is left out.

        Raises:
            SealError, StorageError: it cannot be read now, and is not to be left out for that.
        """
        try:
            return entry_photos.open_photo(self.keyring, self.storage, self.person, photo)
        except (SealError, StorageError):
            if not self.skips_unreadable and self._is_there(photo):
                raise
            self.leave_out(on)
            return None

    def leave_out(self, on: date) -> None:
        """Note that a photo from a local date is left out."""
        self.unreadable.append(f"a photo from {full_date(on)}")

    def _is_there(self, photo: Photo) -> bool:
        """Return whether the journal still has a photo; its owner may delete one meanwhile."""
        with self.database.read() as session:
            return Photo.find(session, self.person.id, photo.id) is not None
