"""Storing raw mail (`InboundStore`, `StoredMail`): sealed and committed first, opened by a job later."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import structlog
from sqlalchemy.orm import Session

from service.clock import Clock
from service.db import Database, insert_into, random_id
from service.flows.incoming.replies.owner import is_erased, recipients_by_owner
from service.mail.inbound.inbound_mail import InboundMail, Post, content_hash, parse_post, read_mail
from service.mail.signature import Signature
from service.models import Keyring, Reply, Subscriber, WebhookToken
from service.storage import Storage

MAX_ROW_BYTES = 256 * 1024
INBOUND: Final = "inbound"  # the heartbeat of the last mail with a genuine signature

log = structlog.get_logger()


class StoreResult(Enum):
    """The result of storing a post."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    REUSED = "reused"
    ERASED = "erased"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A sealed raw mail: in its row, or under a name in the object store, and then `sealed` may be empty."""

    reply_id: int
    sealed: bytes = field(repr=False)
    stored_as: str | None = None
    recipients: tuple[str, ...] = field(default=(), repr=False)

    def assign_to(self, reply: Reply) -> None:
        """Replace the raw mail of this row."""
        reply.stored_as = self.stored_as
        reply.sealed_raw = None if self.stored_as else self.sealed


@dataclass(frozen=True, slots=True)
class InboundStore:
    """Stores raw mail, always sealed: in its row up to 256 kB, in the object store beyond that."""

    database: Database
    keyring: Keyring = field(repr=False)
    storage: Storage
    reply_domain: str
    clock: Clock

    def store(self, content_type: str, body: bytes, signature: Signature) -> tuple[StoreResult, list[int]]:
        """Store a post with a verified signature; return the result, and the ids of the new rows: one for each owner.

        The rows are committed when this returns. It needs at most twice the body's size in memory beside the body,
        for any number of owners.

        Raises:
            MalformedPostError: the body is not a form.
            StorageError, SQLAlchemyError: the post could not be stored. Its token is still unused, and the provider
                should try again.
        """
        mail, content = _head_and_hash(content_type, body, signature)
        if mail is None:
            return StoreResult.FORGED, []
        if mail.files_left_behind is not None:
            log.error("inbound.wrong_route", action="store", wanted="forward", files=mail.files_left_behind)
        groups = recipients_by_owner(self.keyring, mail, self.reply_domain) or [mail.recipients]
        # Large mails go to the object store one by one: a network call, and so never inside a transaction.
        raws = [self._sealed(content_type, body, group) for group in groups]
        with self.database.write() as session:
            result, kept_ids = self._insert_all(session, content, mail, signature.token, raws)
        # Only without an error: after one, the commit may still have succeeded.
        for raw in raws:
            if raw.stored_as and raw.reply_id not in kept_ids:
                self.storage.remove(raw.stored_as)
        return result, kept_ids

    def recipients_of(self, reply: Reply, mail: InboundMail) -> tuple[str, ...] | None:
        """Return the recipients of the one owner that this row is for, or None if the mail has only one owner."""
        groups = recipients_by_owner(self.keyring, mail, self.reply_domain)
        return next((group for group in groups if self._recipient_hash(group) == reply.recipient_hash), None)

    def open(self, reply: Reply) -> Post:
        """Return a mail that is sealed with the service's own key, because its owner is not known yet.

        Raises:
            SealError, StorageError, MalformedPostError: the mail cannot be read now, or ever.
        """
        return parse_post(*_unpack(self.keyring.inbound.open(self._load(reply), place=_raw_place(reply.id))))

    def resealed(self, reply: Reply, person: Subscriber) -> StoredMail:
        """Return a mail sealed with its owner's data key, so that deleting that key makes it unreadable.

        The caller assigns it to the row, in the transaction that writes the outcome.

        Raises:
            SealError, StorageError: the mail cannot be read or stored now.
        """
        place = _raw_place(reply.id)
        raw = self.keyring.inbound.open(self._load(reply), place=place)
        sealed = self.keyring.key_of(person).seal(raw, place=place, random=os.urandom)
        # Each attempt uses its own object name: until the commit the row names the old object, and another worker may
        # be reading that one.
        return self._store_again(reply, sealed, suffix=str(reply.attempts))

    def open_for_owner(self, reply: Reply, person: Subscriber) -> Post:
        """Return a mail that is sealed with its owner's data key; raises the same errors as `open`."""
        return parse_post(*_unpack(self._unseal_for_owner(reply, person)))

    def resealed_for_service(self, reply: Reply, person: Subscriber) -> StoredMail:
        """Return an owner's mail sealed with the service's own key, for a job to process it again.

        Raises:
            SealError, StorageError: the mail cannot be read or stored now.
        """
        sealed = self.keyring.seal_own(self._unseal_for_owner(reply, person), place=_raw_place(reply.id))
        return self._store_again(reply, sealed, suffix="claimed")

    def _load(self, reply: Reply) -> bytes:
        return self.storage.get(reply.stored_as) if reply.stored_as else reply.sealed_raw or b""

    def _store_again(self, reply: Reply, sealed: bytes, *, suffix: str) -> StoredMail:
        """Return a mail under its new seal; a mail in the object store is stored under a new name."""
        if not reply.stored_as:
            return StoredMail(reply.id, sealed)
        name = f"replies/{reply.id}.{suffix}"
        self.storage.put(name, sealed)
        return StoredMail(reply.id, sealed, name)

    def _unseal_for_owner(self, reply: Reply, person: Subscriber) -> bytes:
        return self.keyring.key_of(person).open(self._load(reply), place=_raw_place(reply.id))

    def _sealed(self, content_type: str, body: bytes, recipients: tuple[str, ...]) -> StoredMail:
        """Return a new mail sealed with the service's own key; one too large for a row goes to the object store."""
        reply_id = random_id()
        sealed = self.keyring.seal_own(_head(content_type), body, place=_raw_place(reply_id))
        if len(sealed) <= MAX_ROW_BYTES:
            return StoredMail(reply_id, sealed, recipients=recipients)
        name = f"replies/{reply_id}"
        self.storage.put(name, sealed)
        return StoredMail(reply_id, b"", name, recipients)

    def _insert_all(
        self, session: Session, content: bytes, mail: InboundMail, token: str, raws: Sequence[StoredMail]
    ) -> tuple[StoreResult, list[int]]:
        """Use the token and insert a row for each owner, all or nothing; return the ids of the new rows."""
        repeated = self._use_token(session, token, content)
        if repeated is not None:
            return repeated, []
        not_erased = [raw for raw in raws if not is_erased(session, self.keyring, raw.recipients, self.reply_domain)]
        if not not_erased:
            return StoreResult.ERASED, []
        message_id = mail.message_id or _in_place_of_message_id(mail)
        kept_ids = [raw.reply_id for raw in not_erased if self._insert(session, message_id, content, raw)]
        return (StoreResult.KEPT if kept_ids else StoreResult.DUPLICATE), kept_ids

    def _use_token(self, session: Session, token: str, content: bytes) -> StoreResult | None:
        """Use the provider's token; return None, or whether it was used with the same content or another before."""
        token_hash = self.keyring.index.digest("webhook token", token.encode("utf-8", "surrogatepass"))
        if WebhookToken.spend(session, token_hash, content, self.clock()):
            return None
        is_same = session.get_one(WebhookToken, token_hash).content_hash == content
        return StoreResult.DUPLICATE if is_same else StoreResult.REUSED

    def _insert(self, session: Session, message_id: str, content: bytes, raw: StoredMail) -> bool:
        """Insert a row; return whether it is new, since the same mail for the same owner is stored only once."""
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


def _in_place_of_message_id(mail: InboundMail) -> str:
    """Return an identifier for a mail without a Message-Id, the same when it is posted again with another signature.

    It leaves out the body, because the hash of the content is part of the same key.
    """
    named = ("Date", "From", "Received")
    return "\n".join(["none", *(f"{name}: {value}" for name in named for value in mail.all_headers(name))])


def _raw_place(reply_id: int) -> str:
    return f"replies.raw:{reply_id}"


def _head_and_hash(content_type: str, body: bytes, signature: Signature) -> tuple[InboundMail | None, bytes]:
    """Return a mail without its contents, and their hash; no mail if the post's own signature differs from this one.

    The parsed post is freed when this returns, before the memory for the sealed mail is needed.
    """
    post = parse_post(content_type, body)
    if post.signature != signature:  # `read_signature` and the parser took different fields for the signature
        return None, b""
    return read_mail(post, with_contents=False), content_hash(post)


def _head(content_type: str) -> bytes:
    """Return what is stored before a body: its content type, preceded by the length of that in two bytes."""
    head = content_type.encode("utf-8", "replace")
    return len(head).to_bytes(2, "big") + head


def _unpack(raw: bytes) -> tuple[str, bytes]:
    length = int.from_bytes(raw[:2], "big")
    return raw[2 : 2 + length].decode(), raw[2 + length :]
