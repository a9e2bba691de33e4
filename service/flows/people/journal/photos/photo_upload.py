"""Photos that are added on a page: redrawn without metadata for one form after another, sealed, and stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock

from service.core.journal.photos import MOST_IN_A_REPLY, sniff
from service.flows.people.journal.photos.entry_photos import ProcessedPhoto, content_mac, remove_objects, store
from service.mail.sandbox.pictures import PictureRedrawer
from service.models import Keyring, Subscriber
from service.storage import Storage, StorageError

# A form holds a thread of the web server while its photos are redrawn: one form is at work and one may wait.
FORMS_AT_ONCE = 2
ALL_SECONDS = 20.0


class PhotosBusyError(Exception):
    """The photos of other people are being redrawn; the same form succeeds a little later."""


@dataclass(frozen=True, slots=True)
class UploadedPhotos:
    """The photos of a form that could be kept, and whether there were others."""

    photos: tuple[ProcessedPhoto, ...] = ()
    all_kept: bool = True

    @property
    def names(self) -> set[str]:
        """Return the names of the photos in the object store."""
        return {photo.stored_as for photo in self.photos}


@dataclass(frozen=True, slots=True)
class PhotoUploader:
    """Turns the files of a form into sealed photos; one for each web process, used by all its threads."""

    keyring: Keyring = field(repr=False)
    storage: Storage
    pictures: PictureRedrawer = field(default_factory=lambda: PictureRedrawer(all_seconds=ALL_SECONDS), repr=False)
    _places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(FORMS_AT_ONCE), repr=False)
    _turn: Lock = field(default_factory=Lock, repr=False)

    def process(self, files: Sequence[bytes], person: Subscriber) -> UploadedPhotos:
        """Return the first ten photos among these files, sealed and stored; call this outside a transaction.

        What is no picture, cannot be decoded or is not done within 20 seconds is left out, and `all_kept` says so.

        Raises:
            PhotosBusyError: as many forms as may wait are waiting.
            SealError, StorageError: the photos cannot be stored now; none of them is.
        """
        chosen = list(dict.fromkeys(files))  # a file that was chosen twice is one photo
        pictures = [data for data in chosen if sniff(data)][:MOST_IN_A_REPLY]
        photos = self._stored(pictures, person) if pictures else ()
        return UploadedPhotos(photos, all_kept=len(photos) == len(chosen))

    def turn(self, data: bytes, person: Subscriber, mac: bytes, *, quarter_turns: int) -> ProcessedPhoto | None:
        """Return a photo turned to the right, sealed and stored as a new one, or None if it cannot be drawn in time.

        Raises:
            PhotosBusyError, SealError, StorageError: it cannot be turned now.
        """
        with self._at_work():
            [picture] = self.pictures.redraw([data], quarter_turns=quarter_turns)
        return store(self.keyring, self.storage, person, picture, mac) if picture is not None else None

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise PhotosBusyError
        try:
            with self._turn:
                yield
        finally:
            self._places.release()

    def _stored(self, pictures: Sequence[bytes], person: Subscriber) -> tuple[ProcessedPhoto, ...]:
        photos: list[ProcessedPhoto] = []
        try:
            with self._at_work():
                for data, picture in zip(pictures, self.pictures.redraw(pictures), strict=True):
                    if picture is not None:
                        mac = content_mac(self.keyring, person, data)
                        photos.append(store(self.keyring, self.storage, person, picture, mac))
        except StorageError:
            remove_objects(self.storage, {photo.stored_as for photo in photos})
            raise
        return tuple(photos)

    def close(self) -> None:
        """End the process that redraws."""
        self.pictures.close()
