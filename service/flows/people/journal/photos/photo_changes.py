"""Changing the photos of an entry: adding some later, turning one, describing one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal.photos.entry_photos import ProcessedPhoto, description_place
from service.models import Entry, Keyring, Photo, Subscriber

LONGEST_DESCRIPTION = 500


def add_photos(session: Session, entry: Entry, photos: Sequence[ProcessedPhoto], now: datetime) -> set[str]:
    """Record more photos of an entry; return the objects of those that it has already, for `remove_objects`."""
    before = Photo.list_for_entries(session, entry.subscriber_id, [entry.id])
    known = {photo.content_mac for photo in before}
    new = [photo for photo in photos if photo.content_mac not in known]
    position = max((photo.position for photo in before), default=-1) + 1
    entry_photos.keep(session, entry, new, now, first_position=position)
    return {photo.stored_as for photo in photos} - {photo.stored_as for photo in new}


def describe(keyring: Keyring, person: Subscriber, photo: Photo, description: str) -> None:
    """Store what a photo shows, in a person's own words; "" removes it."""
    photo.sealed_description = sealed_description(keyring, person, photo.id, description)


def put_turned(session: Session, keyring: Keyring, person: Subscriber, photo: Photo, turned: ProcessedPhoto) -> str:
    """Replace a photo by itself turned, with its place and its description; return the object that is not needed now.

    The turned one has an id of its own: a photo that was overwritten would be lost if that failed halfway.
    """
    [opened] = entry_photos.open_photos(keyring, person, [photo])
    session.add(
        Photo(
            id=turned.id,
            entry_id=photo.entry_id,
            subscriber_id=photo.subscriber_id,
            stored_as=turned.stored_as,
            content_type=turned.content_type,
            width=turned.width,
            height=turned.height,
            position=photo.position,
            created_at=photo.created_at,
            content_mac=photo.content_mac,
            sealed_description=sealed_description(keyring, person, turned.id, opened.description),
        )
    )
    session.delete(photo)
    return photo.stored_as


def sealed_description(keyring: Keyring, person: Subscriber, photo_id: int, description: str) -> bytes | None:
    """Return what a photo shows, sealed; None for ""."""
    if not description:
        return None
    return keyring.key_of(person).seal_text(description, place=description_place(photo_id), random=os.urandom)
