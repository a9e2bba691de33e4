"""Storing mail, sealed and committed before the provider is answered, and opening it again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from sqlalchemy.orm import Session

from service.clock import Clock
from service.db import Database, insert_into, random_id
from service.flows.incoming.owner import is_erased, recipients_by_owner
from service.mail.inbound.inbound_mail import InboundMail, Post, content_hash, parse_post, read_mail
from service.mail.signature import Signature
from service.models import Keyring, Reply, Subscriber, WebhookToken
from service.storage import Storage

ROW_BYTES = 256 * 1024


class StoreResult(Enum):
    """What became of a post at the door."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    REUSED = "reused"
    ERASED = "erased"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A sealed mail: in its row, or under a name in the object store; then `sealed` may be empty."""

    reply_id: int
    sealed: bytes = field(repr=False)
    stored_as: str | None = None
    recipients: tuple[str, ...] = field(default=(), repr=False)

    def put_on(self, reply: Reply) -> None:
        """Let the row hold this in place of what it held."""
        reply.stored_as = self.stored_as
        reply.sealed_raw = None if self.stored_as else self.sealed


@dataclass(frozen=True, slots=True)
class InboundStore:
    """Keeps raw mail: in the row while it is small, in the object store beyond 256 kB, sealed in both."""

    database: Database
    keyring: Keyring = field(repr=False)
    storage: Storage
    reply_domain: str
    clock: Clock

    def store(self, content_type: str, body: bytes, signature: Signature) -> tuple[StoreResult, list[int]]:
        """Return what became of a post whose signature is genuine, and the ids of what is kept: one for each owner.

        It is committed when this returns. Takes at most as much room as the body twice more, for any number of owners.

        Raises:
            MalformedPostError: the body is no form.
            StorageError, SQLAlchemyError: it could not be kept; the provider is to try again, its token is not spent.
        """
        mail, content = _head_and_hash(content_type, body, signature)
        if mail is None:
            return StoreResult.FORGED, []
        groups = recipients_by_owner(self.keyring, mail, self.reply_domain) or [mail.recipients]
        # Large ones are put away one by one, before the transaction, in which no network call may stand.
        raws = [self._sealed(content_type, body, group) for group in groups]
        with self.database.write() as session:
            stored, kept = self._keep(session, content, mail, signature.token, raws)
        # After an error it stays: whether the commit came through may not be known.
        for raw in raws:
            if raw.stored_as and raw.reply_id not in kept:
                self.storage.remove(raw.stored_as)
        return stored, kept

    def recipients_of(self, reply: Reply, mail: InboundMail) -> tuple[str, ...] | None:
        """Return the addresses of the one owner that this row is for, or None where the mail has no other."""
        groups = recipients_by_owner(self.keyring, mail, self.reply_domain)
        return next((group for group in groups if self._recipient_hash(group) == reply.recipient_hash), None)

    def open(self, reply: Reply) -> Post:
        """Return a mail that nobody owns yet.

        Raises:
            SealError, StorageError, MalformedPostError: it cannot be read now, or ever.
        """
        sealed = self.storage.get(reply.stored_as) if reply.stored_as else reply.sealed_raw or b""
        return parse_post(*_unpack(self.keyring.inbound.open(sealed, place=_raw_place(reply.id))))

    def resealed(self, reply: Reply, person: Subscriber) -> StoredMail:
        """Return a mail sealed for its owner, so that it goes when their key goes; its row takes it over later.

        Raises:
            SealError, StorageError: it cannot be read or kept now.
        """
        sealed = self.storage.get(reply.stored_as) if reply.stored_as else reply.sealed_raw or b""
        place = _raw_place(reply.id)
        own = self.keyring.key_of(person).seal(
            self.keyring.inbound.open(sealed, place=place), place=place, random=os.urandom
        )
        if not reply.stored_as:
            return StoredMail(reply.id, own)
        # A name of this attempt's own: until the commit the row names the old one, and another worker may be at it.
        raw = StoredMail(reply.id, own, f"replies/{reply.id}.{reply.attempts}")
        self.storage.put(f"replies/{reply.id}.{reply.attempts}", own)
        return raw

    def open_own(self, reply: Reply, person: Subscriber) -> Post:
        """Return a mail that is sealed for its owner; raises as `open` does."""
        return parse_post(*_unpack(self._own(reply, person)))

    def given_back(self, reply: Reply, person: Subscriber) -> StoredMail:
        """Return an owner's mail under the service's own key, for a job to understand again.

        Raises:
            SealError, StorageError: it cannot be read or kept now.
        """
        sealed = self.keyring.seal_own(self._own(reply, person), place=_raw_place(reply.id))
        if not reply.stored_as:
            return StoredMail(reply.id, sealed)
        raw = StoredMail(reply.id, sealed, f"replies/{reply.id}.claimed")
        self.storage.put(f"replies/{reply.id}.claimed", sealed)
        return raw

    def _own(self, reply: Reply, person: Subscriber) -> bytes:
        sealed = self.storage.get(reply.stored_as) if reply.stored_as else reply.sealed_raw or b""
        return self.keyring.key_of(person).open(sealed, place=_raw_place(reply.id))

    def _sealed(self, content_type: str, body: bytes, recipients: tuple[str, ...]) -> StoredMail:
        """Return a mail under the service's own key; a large one is in the object store, and only its name returned."""
        reply_id = random_id()
        sealed = self.keyring.seal_own(_head(content_type), body, place=_raw_place(reply_id))
        if len(sealed) <= ROW_BYTES:
            return StoredMail(reply_id, sealed, recipients=recipients)
        self.storage.put(f"replies/{reply_id}", sealed)
        return StoredMail(reply_id, b"", f"replies/{reply_id}", recipients)

    def _keep(
        self, session: Session, content: bytes, mail: InboundMail, token: str, raws: Sequence[StoredMail]
    ) -> tuple[StoreResult, list[int]]:
        """Spend the token and keep the mail for each of its owners, all or nothing; return the ids of what is new."""
        seen = self._spend(session, token, content)
        if seen is not None:
            return seen, []
        here = [raw for raw in raws if not is_erased(session, self.keyring, raw.recipients, self.reply_domain)]
        if not here:
            return StoreResult.ERASED, []
        message_id = mail.message_id or f"none but the token {token}"
        kept = [raw.reply_id for raw in here if self._insert(session, message_id, content, raw)]
        return (StoreResult.KEPT if kept else StoreResult.DUPLICATE), kept

    def _spend(self, session: Session, token: str, content: bytes) -> StoreResult | None:
        """Spend the provider's token on this content; return None, or what it was spent on before."""
        token_hash = self.keyring.index.digest("webhook token", token.encode("utf-8", "surrogatepass"))
        if WebhookToken.spend(session, token_hash, content, self.clock()):
            return None
        same = session.get_one(WebhookToken, token_hash).content_hash == content
        return StoreResult.DUPLICATE if same else StoreResult.REUSED

    def _insert(self, session: Session, message_id: str, content: bytes, raw: StoredMail) -> bool:
        """Insert a mail; return whether it is new, and not this very mail once more."""
        index, now = self.keyring.index, self.clock()
        values = {
            "id": raw.reply_id,
            "received_at": now,
            "recipient_hash": self._recipient_hash(raw.recipients),
            "message_id_hash": index.digest("message id", message_id.encode("utf-8", "replace")),
            "content_hash": content,
            "sealed_raw": None if raw.stored_as else raw.sealed,
            "stored_as": raw.stored_as,
            "attempts": 0,
            "enqueued_at": now,
        }
        insert = insert_into(session, Reply).values(values).on_conflict_do_nothing().returning(Reply.id)
        return session.scalar(insert) is not None

    def _recipient_hash(self, recipients: tuple[str, ...]) -> bytes:
        return self.keyring.index.digest("recipient", ",".join(sorted(recipients)).lower().encode())


def _raw_place(reply_id: int) -> str:
    return f"replies.raw:{reply_id}"


def _head_and_hash(content_type: str, body: bytes, signature: Signature) -> tuple[InboundMail | None, bytes]:
    """Return a mail without its contents, and their hash; no mail where the post holds another signature than this.

    Nothing of the parsed post outlives this, so that there is room for the sealed one.
    """
    post = parse_post(content_type, body)
    if post.signature != signature:  # the search for it and the parser disagree on which fields count
        return None, b""
    return read_mail(post, with_contents=False), content_hash(post)


def _head(content_type: str) -> bytes:
    """Return what stands before a body that is kept: its type, with two bytes for the length of that."""
    head = content_type.encode("utf-8", "replace")
    return len(head).to_bytes(2, "big") + head


def _unpack(raw: bytes) -> tuple[str, bytes]:
    length = int.from_bytes(raw[:2], "big")
    return raw[2 : 2 + length].decode(), raw[2 + length :]
