"""The accepted mails, one JSON file each, in plain text.

Only the local set-up has this folder; the service itself never reads it.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path

from service.postoffice.mailbox.files import read_all, unique_name, write_atomically
from service.postoffice.mailbox.mime import File, write_mail

SHOWN_UNOPENED = 200  # five lines of about forty characters
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MailboxMail:
    """One mail for one recipient, as they would get it.

    `headers` are those that the recipient sees, in order; `provider_id` has no `<>` and is shared
    by all mails of a batch; `variables` are the sender's `v:` fields.
    """

    mail_id: str
    provider_id: str
    accepted_at: datetime
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    headers: Pairs = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    # The pictures inside it: the name in the HTML's `cid:`, and the name of the file that is kept of it.
    pictures: Mapping[str, str] = field(default_factory=dict, repr=False)

    def header(self, name: str) -> str | None:
        """Return the first header with this name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def reply_to(self) -> str:
        """Return the address to which a reply goes."""
        return self.header("Reply-To") or self.sender

    @property
    def sender_name(self) -> str:
        """Return the sender as mailboxes show it: the name, or the address if there is none."""
        name, address = parseaddr(self.sender)
        return name or address

    @property
    def first_lines(self) -> str:
        """Return the first words, which a phone shows below the subject before the mail is opened."""
        return " ".join(self.text.split())[:SHOWN_UNOPENED]

    def as_json(self) -> dict[str, object]:
        """Return the mail as a JSON object."""
        return asdict(self) | {
            "accepted_at": self.accepted_at.isoformat(),
            "headers": [list(pair) for pair in self.headers],
        }

    def source(self, pictures: Mapping[str, bytes] | None = None) -> bytes:
        """Return the whole mail as a mail program stores it (RFC 5322), with `pictures` inside its HTML, by name."""
        inline = [File(name, content_type_of(name), data) for name, data in (pictures or {}).items()]
        return write_mail(self.headers, self.text, self.html or None, inline=inline)


def content_type_of(name: str) -> str:
    """Return the type of a picture, by its name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def new_mail_id(accepted_at: datetime) -> str:
    """Return an id that sorts in the order of arrival, even within one instant."""
    return f"{accepted_at:%Y%m%d%H%M%S%f}-{unique_name()}"


class Mailbox:
    """All mails, newest first; stored in `folder`, so that they survive a restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._mails = {mail.mail_id: mail for mail in map(_from_json, read_all(folder))}

    def add(self, mail: MailboxMail) -> None:
        """Add a mail; it is on disk when this returns."""
        write_atomically(self._folder / f"{mail.mail_id}.json", mail.as_json())
        with self._lock:
            self._mails[mail.mail_id] = mail

    def keep_picture(self, data: bytes) -> str:
        """Keep a picture once, however many mails show it; return its file's name."""
        name = hashlib.sha256(data).hexdigest()
        path = self._folder / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            path.write_bytes(data)
        return name

    def pictures_of(self, mail: MailboxMail) -> dict[str, bytes]:
        """Return the pictures inside a mail, by their names in its HTML."""
        return {name: (self._folder / "pictures" / kept).read_bytes() for name, kept in mail.pictures.items()}

    def find(self, mail_id: str) -> MailboxMail | None:
        """Return the mail with this id, or None."""
        return self._mails.get(mail_id)

    def newest_first(self, recipient: str | None = None) -> Iterator[MailboxMail]:
        """Yield the mails of one recipient or of all."""
        with self._lock:
            found = sorted(self._mails.values(), key=lambda mail: mail.mail_id, reverse=True)
        return (mail for mail in found if recipient is None or mail.recipient == recipient)

    def forget_all(self) -> None:
        """Delete every mail."""
        with self._lock:
            for mail_id in self._mails:
                (self._folder / f"{mail_id}.json").unlink(missing_ok=True)
            self._mails.clear()


def _from_json(text: str) -> MailboxMail:
    found = json.loads(text)
    return MailboxMail(
        **found
        | {
            "accepted_at": datetime.fromisoformat(found["accepted_at"]),
            "headers": tuple((name, value) for name, value in found["headers"]),
        }
    )
