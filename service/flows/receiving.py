"""The door: mail is sealed and committed before the provider is answered, and opened again by a job."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sqlalchemy.orm import Session

from service.clock import Clock
from service.db import Database, insert_into, random_id
from service.flows.ownership import is_erased
from service.mail.inbound import InboundMail, Post, content_hash, parse_post, read_mail
from service.models import Keyring, Reply, SpentToken, Subscriber
from service.storage import Storage

ROW_BYTES = 256 * 1024


class Stored(Enum):
    """What became of a post at the door."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    REUSED = "reused"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Door:
    """Keeps raw mail: in the row while it is small, in the object store beyond 256 kB, sealed in both."""

    database: Database
    keyring: Keyring = field(repr=False)
    storage: Storage
    reply_domain: str
    clock: Clock

    def store(self, post: Post, content_type: str, body: bytes, token: str) -> tuple[Stored, int]:
        """Return what became of a genuine post, and the id under which it is kept (0 if it is not).

        It is committed when this returns. Raises StorageError or SQLAlchemyError where it could not be: the provider
        is to try again, and its token is not spent.
        """
        mail = read_mail(post)
        content, now = content_hash(post), self.clock()
        with self.database.write() as session:
            seen = self._spend(session, token, content, now)
            if seen is not None:
                return seen, 0
            if is_erased(session, self.keyring, mail.recipients, self.reply_domain):
                return Stored.ERASED, 0
            mail_id = mail.message_id or f"none but the token {token}"
            reply_id = self._keep(session, mail, mail_id, content, _pack(content_type, body))
        return (Stored.KEPT, reply_id) if reply_id else (Stored.DUPLICATE, 0)

    def open(self, reply: Reply) -> Post:
        """Return a mail that nobody owns yet.

        Raises:
            SealError, StorageError, MalformedPostError: it cannot be read now, or ever.
        """
        sealed = self.storage.get(reply.stored_as) if reply.stored_as else reply.sealed_raw or b""
        return parse_post(*_unpack(self.keyring.inbound.open(sealed, place=_raw_place(reply.id))))

    def reseal(self, reply: Reply, person: Subscriber) -> None:
        """Seal a mail for its owner, so that it goes when their key goes."""
        sealed = self.storage.get(reply.stored_as) if reply.stored_as else reply.sealed_raw or b""
        raw = self.keyring.inbound.open(sealed, place=_raw_place(reply.id))
        own = self.keyring.key_of(person).seal(raw, place=_raw_place(reply.id), random=os.urandom)
        if reply.stored_as:
            # A name of its own: until the commit the row still names the old one.
            reply.stored_as = f"replies/{reply.id}-{person.id}"
            self.storage.put(reply.stored_as, own)
        else:
            reply.sealed_raw = own

    def _spend(self, session: Session, token: str, content: bytes, now: datetime) -> Stored | None:
        """Spend the provider's token on this content; return None, or what it was spent on before."""
        token_hash = self.keyring.index.digest("webhook token", token.encode("utf-8", "surrogatepass"))
        if SpentToken.spend(session, token_hash, content, now):
            return None
        same = session.get_one(SpentToken, token_hash).content_hash == content
        return Stored.DUPLICATE if same else Stored.REUSED

    def _keep(self, session: Session, mail: InboundMail, message_id: str, content: bytes, raw: bytes) -> int | None:
        """Keep a mail under the service's own key; return its id, or None if this very mail is here already."""
        index, reply_id = self.keyring.index, random_id()
        sealed = self.keyring.seal_own(raw, place=_raw_place(reply_id))
        stored_as = f"replies/{reply_id}" if len(sealed) > ROW_BYTES else None
        if stored_as:
            self.storage.put(stored_as, sealed)
        values = {
            "id": reply_id,
            "received_at": self.clock(),
            "recipient_hash": index.digest("recipient", ",".join(sorted(mail.recipients)).lower().encode()),
            "message_id_hash": index.digest("message id", message_id.encode("utf-8", "replace")),
            "content_hash": content,
            "sealed_raw": None if stored_as else sealed,
            "stored_as": stored_as,
            "attempts": 0,
            "rung_at": self.clock(),
        }
        kept = session.scalar(insert_into(session, Reply).values(values).on_conflict_do_nothing().returning(Reply.id))
        if kept is None and stored_as:
            self.storage.remove(stored_as)
        return kept


def _raw_place(reply_id: int) -> str:
    return f"replies.raw:{reply_id}"


def _pack(content_type: str, body: bytes) -> bytes:
    head = content_type.encode("utf-8", "replace")
    return len(head).to_bytes(2, "big") + head + body


def _unpack(raw: bytes) -> tuple[str, bytes]:
    length = int.from_bytes(raw[:2], "big")
    return raw[2 : 2 + length].decode(), raw[2 + length :]
