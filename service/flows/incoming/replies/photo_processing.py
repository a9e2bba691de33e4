"""Processing the photos of a mail: logos and other files left out, redrawn without metadata, and sealed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.core.journal.photos import MOST_IN_A_REPLY, OFTEN, is_decoration, is_machinery, sniff
from service.core.replies import Attachment
from service.db import Database
from service.flows.people.journal.photos.entry_photos import ProcessedPhoto, content_mac, remove_objects, store
from service.mail.inbound.inbound_mail import InboundMail
from service.mail.sandbox.files import MailFiles
from service.mail.sandbox.reader import MailReader
from service.models import Keyring, Photo, Subscriber
from service.storage import Storage, StorageError

UNLISTED = "the files that came with it"
# A part of a mail that may be a file, as its headers say (RFC 2183, RFC 2045): it is neither text nor made of parts, or
# its disposition is more than the word "inline". A value may begin on the next line.
_FILE_PART = re.compile(
    rb"(?i)(?:^|[\r\n])content-(?:disposition[ \t]*:\s*+(?!inline[ \t]*[\r\n])|type[ \t]*:\s*+(?!text/|multipart/))"
)


class FilesNotListedError(Exception):
    """The files of a mail could not be listed; another attempt may succeed."""


@dataclass(frozen=True, slots=True)
class ProcessedPhotos:
    """The photos of a mail, and the names of files that could not be kept, to report to its owner."""

    photos: tuple[ProcessedPhoto, ...] = ()
    unkept: tuple[str, ...] = field(default=(), repr=False)

    @property
    def names(self) -> set[str]:
        """Return the names of the photos in the object store."""
        return {photo.stored_as for photo in self.photos}


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A picture in a mail, with a keyed hash of its original bytes."""

    file: Attachment = field(repr=False)
    mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhotoProcessor:
    """Turns the files of a mail into sealed photos."""

    database: Database
    keyring: Keyring = field(repr=False)
    storage: Storage
    reader: MailReader = field(repr=False)

    def process(self, mail: InboundMail, listed: MailFiles | None, person: Subscriber) -> ProcessedPhotos:
        """Return the photos of a mail, at most ten, sealed and stored in the object store.

        `listed` are the files of raw MIME, or None if they could not be listed. Then the photos that the provider
        posted one by one are still kept, and files inside raw MIME are reported to the owner. Logos, tracking pixels
        and quoted pictures are left out and not reported. Call this outside a transaction.

        Raises:
            SealError, StorageError: the photos cannot be stored now; none of them is.
        """
        found = listed or MailFiles()
        files = (*found.attachments, *mail.attachments)
        candidates = self._candidates(files, found.aside, person)
        unkept = [_name(file) for file in files if not sniff(file.data) and not is_machinery(file.content_type)]
        if mail.files_left_behind or holds_unlisted_files(mail, listed):
            unkept.append(UNLISTED)
        return self._process_pictures(candidates, person, unkept)

    def _candidates(self, files: Sequence[Attachment], aside: frozenset[str], person: Subscriber) -> list[_Candidate]:
        """Return each picture once, without quoted ones and inline ones that come with many mails."""
        pictures = {content_mac(self.keyring, person, file.data): file for file in files if sniff(file.data)}
        with self.database.read() as session:
            seen = Photo.times_seen(session, person.id, list(pictures))
        return [
            _Candidate(file, mac)
            for mac, file in pictures.items()
            if not (file.content_id and (file.content_id in aside or seen[mac] >= OFTEN))
        ]

    def _process_pictures(
        self, candidates: Sequence[_Candidate], person: Subscriber, unkept: list[str]
    ) -> ProcessedPhotos:
        photos: list[ProcessedPhoto] = []
        redrawn = self.reader.pictures.redraw([candidate.file.data for candidate in candidates])
        try:
            for candidate, picture in zip(candidates, redrawn, strict=True):
                file = candidate.file
                if picture and is_decoration(picture, len(file.data), is_inside=bool(file.content_id)):
                    continue
                if picture is None or len(photos) >= MOST_IN_A_REPLY:
                    unkept.append(_name(file))
                else:
                    photos.append(store(self.keyring, self.storage, person, picture, candidate.mac))
        except StorageError:
            remove_objects(self.storage, {photo.stored_as for photo in photos})
            raise
        return ProcessedPhotos(tuple(photos), tuple(unkept))


def holds_unlisted_files(mail: InboundMail, listed: MailFiles | None) -> bool:
    """Return whether a mail may hold files that could not be listed; if in doubt, it may, so that no loss is silent."""
    return listed is None and mail.raw_mime is not None and _FILE_PART.search(mail.raw_mime) is not None


def _name(file: Attachment) -> str:
    return file.filename.strip() or f"a file ({file.content_type})"
