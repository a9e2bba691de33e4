"""Photos that come with a mail: sorted from what programs add, drawn anew, sealed, and let go with their entry."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from service.core.photos import MOST_IN_A_REPLY, OFTEN, Picture, is_decoration, is_machinery, sniff
from service.core.replies import Attachment, SentEmail
from service.core.sealing import DataKey
from service.db import Database, random_id
from service.flows.people import journal
from service.mail.inbound.files import MailFiles
from service.mail.inbound.inbound_mail import InboundMail
from service.mail.inbound.reader import MailReader
from service.mail.inbound.reading import MailContent
from service.models import Entry, Keyring, Photo, Subscriber
from service.storage import Storage, StorageError


@dataclass(frozen=True, slots=True)
class ProcessedPhoto:
    """A photo that lies sealed in the object store, and waits for the row that names it."""

    id: int
    stored_as: str
    content_type: str
    width: int
    height: int
    content_mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProcessedPhotos:
    """The photos of a mail, and the names of files that cannot be kept."""

    photos: tuple[ProcessedPhoto, ...] = ()
    unkept: tuple[str, ...] = field(default=(), repr=False)

    @property
    def names(self) -> set[str]:
        """Return where the photos lie."""
        return {photo.stored_as for photo in self.photos}


@dataclass(frozen=True, slots=True)
class RemovedPhoto:
    """A photo that was deleted: the name of its object, for `remove_objects`, and whether its entry is left."""

    name: str
    entry_id: int
    written_on: date
    entry_is_left: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A picture that a mail brought, by a keyed hash of its bytes as they came."""

    file: Attachment = field(repr=False)
    mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhotoProcessor:
    """Turns the files of a mail into photos that are kept."""

    database: Database
    keyring: Keyring = field(repr=False)
    storage: Storage
    reader: MailReader = field(repr=False)

    def develop(self, mail: InboundMail, sent: SentEmail | None, person: Subscriber) -> ProcessedPhotos:
        """Return the photos of a person's mail, sealed and put away, up to ten of them.

        Logos, tracking dots and what the mail quotes are left out without a word. Call it outside a transaction.

        Raises:
            SealError, StorageError: they cannot be kept now; none of them is.
        """
        found = self.reader.files(MailContent(mail.raw_mime, None, mail.html), sent)
        if not isinstance(found, MailFiles):
            return ProcessedPhotos()
        posted = tuple(
            Attachment(file.filename, file.content_type, file.content_id or "", file.data) for file in mail.attachments
        )
        files = (*found.attachments, *posted)
        candidates = self._candidates(files, found.aside, person)
        unkept = [_name(file) for file in files if not sniff(file.data) and not is_machinery(file.content_type)]
        return self._drawn(candidates, self.keyring.key_of(person), unkept)

    def _candidates(self, files: Sequence[Attachment], aside: frozenset[str], person: Subscriber) -> list[_Candidate]:
        """Return each picture once, without those that are quoted or come with mail after mail."""
        pictures = {self._mac(person, file.data): file for file in files if sniff(file.data)}
        with self.database.read() as session:
            seen = Photo.times_seen(session, person.id, list(pictures))
        return [
            _Candidate(file, mac)
            for mac, file in pictures.items()
            if not (file.content_id and (file.content_id in aside or seen[mac] >= OFTEN))
        ]

    def _drawn(self, candidates: Sequence[_Candidate], key: DataKey, unkept: list[str]) -> ProcessedPhotos:
        photos: list[ProcessedPhoto] = []
        drawn = self.reader.pictures.redraw([candidate.file.data for candidate in candidates])
        try:
            for candidate, picture in zip(candidates, drawn, strict=True):
                file = candidate.file
                if picture and is_decoration(picture, len(file.data), is_inside=bool(file.content_id)):
                    continue
                if picture is None or len(photos) >= MOST_IN_A_REPLY:
                    unkept.append(_name(file))
                else:
                    photos.append(self._put(picture, candidate.mac, key))
        except StorageError:
            remove_objects(self.storage, {photo.stored_as for photo in photos})
            raise
        return ProcessedPhotos(tuple(photos), tuple(unkept))

    def _put(self, picture: Picture, mac: bytes, key: DataKey) -> ProcessedPhoto:
        photo_id = random_id()
        name = f"photos/{photo_id}"
        self.storage.put(name, key.seal(picture.data, place=_place(photo_id), random=os.urandom))
        return ProcessedPhoto(photo_id, name, picture.content_type, picture.width, picture.height, mac)

    def _mac(self, person: Subscriber, data: bytes) -> bytes:
        return self.keyring.index.digest(f"photo:{person.id}", data)


def keep(session: Session, entry: Entry, photos: Sequence[ProcessedPhoto], now: datetime) -> None:
    """Name photos as an entry's own, in their order."""
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
        )
        for position, photo in enumerate(photos)
    )


def open_photo(keyring: Keyring, storage: Storage, person: Subscriber, photo: Photo) -> bytes:
    """Return a photo's bytes, for its owner's eyes; call it outside a transaction.

    Raises:
        SealError, StorageError: it cannot be read now, or ever.
    """
    return keyring.key_of(person).open(storage.get(photo.stored_as), place=_place(photo.id))


def by_entry(session: Session, person: Subscriber, entry_ids: Sequence[int]) -> dict[int, list[Photo]]:
    """Return the photos of some of a person's entries, by entry id."""
    found: dict[int, list[Photo]] = {}
    for photo in Photo.with_entries(session, person.id, entry_ids):
        found.setdefault(photo.entry_id, []).append(photo)
    return found


def remove_entry(session: Session, person: Subscriber, entry_id: int) -> set[str]:
    """Delete an entry; return the names of its photos, for `remove_objects` once that is committed."""
    names = {photo.stored_as for photo in Photo.with_entries(session, person.id, [entry_id])}
    Entry.remove(session, person.id, entry_id)
    return names


def remove(session: Session, keyring: Keyring, person: Subscriber, photo: Photo) -> RemovedPhoto:
    """Delete a photo, and its entry with it where nothing else is in it."""
    entry = session.get_one(Entry, photo.entry_id)
    session.delete(photo)
    session.flush()
    [opened] = journal.open_entries(keyring, person, [entry])
    is_left = bool(opened.words or opened.has_more or Photo.with_entries(session, person.id, [entry.id]))
    if not is_left:
        session.delete(entry)
    return RemovedPhoto(photo.stored_as, entry.id, entry.written_on, is_left)


def remove_objects(storage: Storage, names: set[str]) -> None:
    """Let objects go that no row names (any more)."""
    for name in names:
        storage.remove(name)


def _name(file: Attachment) -> str:
    return file.filename.strip() or f"a file ({file.content_type})"


def _place(photo_id: int) -> str:
    return f"photos:{photo_id}"
