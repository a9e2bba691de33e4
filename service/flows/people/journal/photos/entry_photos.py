"""The photos of journal entries: storing, recording, opening and removing them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.journal.photos import Picture
from service.db import random_id
from service.models import Entry, Keyring, Photo, Reply, Subscriber
from service.storage import Storage


@dataclass(frozen=True, slots=True)
class ProcessedPhoto:
    """A photo that is sealed in the object store and has no row yet."""

    id: int
    stored_as: str
    content_type: str
    width: int
    height: int
    content_mac: bytes = field(repr=False)
    sealed_description: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OpenPhoto:
    """A photo with its description opened, "" where it has none, to show to its owner only; sizes in pixels."""

    id: int
    entry_id: int
    width: int
    height: int
    description: str = field(repr=False)

    @property
    def path(self) -> str:
        """Return the path at which its owner sees it."""
        return f"/journal/photo/{self.id}"


def content_mac(keyring: Keyring, person: Subscriber, data: bytes) -> bytes:
    """Return the keyed hash by which a picture is known again, of its bytes as they were sent."""
    return keyring.index.digest(f"photo:{person.id}", data)


def store(keyring: Keyring, storage: Storage, person: Subscriber, picture: Picture, mac: bytes) -> ProcessedPhoto:
    """Seal a redrawn picture, put it into the object store, and return it; call this outside a transaction.

    Raises:
        SealError, StorageError: it cannot be stored now.
    """
    photo_id = random_id()
    name = f"photos/{photo_id}"
    storage.put(name, keyring.key_of(person).seal(picture.data, place=photo_place(photo_id), random=os.urandom))
    return ProcessedPhoto(photo_id, name, picture.content_type, picture.width, picture.height, mac)


def keep(
    session: Session, entry: Entry, photos: Sequence[ProcessedPhoto], now: datetime, *, first_position: int = 0
) -> None:
    """Record the photos of an entry, in this order."""
    session.add_all(
        Photo(
            id=photo.id,
            entry_id=entry.id,
            subscriber_id=entry.subscriber_id,
            stored_as=photo.stored_as,
            content_type=photo.content_type,
            width=photo.width,
            height=photo.height,
            position=position,
            created_at=now,
            content_mac=photo.content_mac,
            sealed_description=photo.sealed_description,
        )
        for position, photo in enumerate(photos, first_position)
    )


def open_photo(keyring: Keyring, storage: Storage, person: Subscriber, photo: Photo) -> bytes:
    """Return the bytes of a photo; call this outside a transaction.

    Raises:
        SealError, StorageError: the photo cannot be read now, or ever.
    """
    return keyring.key_of(person).open(storage.get(photo.stored_as), place=photo_place(photo.id))


def by_entry(session: Session, person: Subscriber, entry_ids: Sequence[int]) -> dict[int, list[Photo]]:
    """Return the photos of some of a subscriber's entries, by entry id."""
    photos: dict[int, list[Photo]] = {}
    for photo in Photo.list_for_entries(session, person.id, entry_ids):
        photos.setdefault(photo.entry_id, []).append(photo)
    return photos


def open_by_entry(
    session: Session, keyring: Keyring, person: Subscriber, entry_ids: Sequence[int]
) -> dict[int, list[OpenPhoto]]:
    """Return the photos of some of a subscriber's entries with their descriptions, by entry id."""
    found = by_entry(session, person, entry_ids)
    return {entry_id: open_photos(keyring, person, photos) for entry_id, photos in found.items()}


def open_photos(keyring: Keyring, person: Subscriber, photos: Sequence[Photo]) -> list[OpenPhoto]:
    """Return a subscriber's photos with their descriptions opened."""
    key = keyring.key_of(person)
    return [
        OpenPhoto(
            photo.id,
            photo.entry_id,
            photo.width,
            photo.height,
            key.open_text(photo.sealed_description, place=description_place(photo.id))
            if photo.sealed_description
            else "",
        )
        for photo in photos
    ]


def remove_entry(session: Session, person: Subscriber, entry_id: int) -> set[str]:
    """Delete an entry; return the object names of its photos, for `remove_objects` after the commit."""
    names = Photo.names_of_entry(session, person.id, entry_id)
    reply = Reply.find_by_entry(session, person.id, entry_id)
    if reply is not None:
        reply.end_choice()
    Entry.remove(session, person.id, entry_id)
    return names


def remove_objects(storage: Storage, names: set[str]) -> None:
    """Delete objects that no row names now."""
    for name in names:
        storage.remove(name)


def photo_place(photo_id: int) -> str:
    """Return the place that the sealed bytes of a photo are bound to."""
    return f"photos:{photo_id}"


def description_place(photo_id: int) -> str:
    """Return the place that the sealed description of a photo is bound to."""
    return f"photos.description:{photo_id}"
