"""The table of mails to the writers, who run the service: each is claimed, sent and settled as a delivery is.

A mail is planned once for all writers, by its key. The job that takes it makes a copy for each of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    case,
    delete,
    false,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, database_now, insert_into, random_id
from service.models.keyring import Keyring
from service.models.outgoing.deliveries.delivery_evidence import NOT_IN_THE_RECORD, UnknownDelivery
from service.models.outgoing.deliveries.delivery_state import DeliveryState
from service.models.unqueued import find_unqueued

EVERY_WRITER = b""
NOTHING = b""
ADDRESSED = "one copy for each writer"


class WriterMailKind(StrEnum):
    """What a mail tells the writers; its words stand in templates/email/writer_mails.toml."""

    DOMAIN_PAUSED = "domain_paused"
    SENDING_HELD = "sending_held"
    LETTER_PAUSED = "letter_paused"
    LETTER_NOT_BEGUN = "letter_not_begun"
    READER_REPLY = "reader_reply"
    DESK_SIGN_IN = "desk_sign_in"
    DESK_ACTION = "desk_action"
    FEED_DRAFTS = "feed_drafts"
    FEED_FAILING = "feed_failing"
    FEED_GOES = "feed_goes"
    FEED_KEPT_BACK = "feed_kept_back"


_DELETED_ONCE_SENT = (WriterMailKind.READER_REPLY, WriterMailKind.DESK_SIGN_IN, WriterMailKind.FEED_GOES)


class WriterMail(Base):
    """A mail to one writer, who is known by the keyed hash of their address, or to every writer (`EVERY_WRITER`)."""

    __tablename__ = "writer_mails"
    __table_args__ = (UniqueConstraint("key", "writer_hash"), Index("ix_writer_mails_state", "state", "ready_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    kind: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(128))
    writer_hash: Mapped[bytes] = mapped_column(LargeBinary(32), default=EVERY_WRITER)
    sealed_values: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8), default=DeliveryState.PLANNED)
    attempt: Mapped[int] = mapped_column(SmallInteger, default=0)
    planned_at: Mapped[datetime]
    ready_at: Mapped[datetime]
    enqueued_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    is_withheld: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    called_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str | None] = mapped_column(String(64))

    @classmethod
    def plan(
        cls,
        session: Session,
        keyring: Keyring,
        kind: WriterMailKind,
        values: Mapping[str, str],
        *,
        key: str,
        now: datetime,
        writer_hash: bytes = EVERY_WRITER,
    ) -> int | None:
        """Plan a mail to one writer or to every one; return its id, or None if one with this key is planned already."""
        sealed = keyring.inbound.seal_text(json.dumps(dict(values)), place=_place(key), random=os.urandom)
        row = {"id": random_id(), "kind": kind, "key": key, "writer_hash": writer_hash, "sealed_values": sealed}
        row |= {"state": DeliveryState.PLANNED, "attempt": 0, "planned_at": now, "ready_at": now, "is_withheld": False}
        return session.scalar(insert_into(session, cls).values(row).on_conflict_do_nothing().returning(cls.id))

    @classmethod
    def is_planned(cls, session: Session, kind: WriterMailKind, key: str) -> bool:
        """Return whether a mail of this kind and key was planned, sent or not."""
        query = select(cls.id).where(cls.key == f"{kind}/{key}", cls.writer_hash == EVERY_WRITER)
        return session.scalar(query) is not None

    def open_values(self, keyring: Keyring) -> dict[str, str]:
        """Return what fills the words of this mail; raises SealError."""
        values: dict[str, str] = json.loads(keyring.inbound.open_text(self.sealed_values, place=_place(self.key)))
        return values

    @property
    def kept_values(self) -> bytes:
        """Return what stays in the row once nothing is to be sent from it: never words, an address or a link."""
        return NOTHING if self.kind in _DELETED_ONCE_SENT else self.sealed_values

    @classmethod
    def address(cls, session: Session, mail_id: int, writer_hashes: Collection[bytes]) -> list[int]:
        """Return the ids of what is to be sent for a planned mail: itself, or a copy for each of these writers."""
        planned = select(cls).where(cls.id == mail_id, cls.state == DeliveryState.PLANNED).with_for_update()
        mail = session.scalar(planned)
        if mail is None:
            return []
        if mail.writer_hash != EVERY_WRITER:
            return [mail.id]
        shared = {"kind": mail.kind, "key": mail.key, "sealed_values": mail.sealed_values}
        times = {"planned_at": mail.planned_at, "ready_at": mail.ready_at, "enqueued_at": mail.enqueued_at}
        copies = [cls(**shared, **times, id=random_id(), writer_hash=writer_hash) for writer_hash in writer_hashes]
        session.add_all(copies)
        mail.state, mail.reason = DeliveryState.SKIPPED, ADDRESSED
        mail.sealed_values = mail.kept_values
        return [copy.id for copy in copies]

    @classmethod
    def claim(cls, session: Session, mail_id: int, *, lease: timedelta, now: datetime) -> WriterMail | None:
        """Take a mail for this worker, or return None: another has it, or it is sent or not due."""
        claimed = session.scalar(
            update(cls)
            .where(cls.id == mail_id, cls.state == DeliveryState.PLANNED, cls.ready_at <= now)
            .values(
                state=DeliveryState.CLAIMED,
                attempt=cls.attempt + 1,
                lease_until=database_now(session) + lease,
                is_withheld=True,
            )
            .returning(cls.id)
            .execution_options(synchronize_session=False)
        )
        return session.get(cls, claimed) if claimed else None

    def hand_over(self, session: Session, now: datetime) -> bool:
        """Mark that the next request takes this mail; return whether this worker still holds it. Commit it first."""
        return self._write(session, (DeliveryState.CLAIMED,), is_withheld=False, called_at=now)

    def end(self, session: Session, state: DeliveryState, reason: str | None = None, **values: Any) -> bool:
        """Record how the attempt ended (planned again: with `ready_at`); return whether this worker still held it."""
        held = (DeliveryState.CLAIMED, *((DeliveryState.UNKNOWN,) if state == DeliveryState.SENT else ()))
        values |= {"state": state, "reason": reason, "lease_until": None, "is_withheld": False}
        if state in {DeliveryState.SENT, DeliveryState.SKIPPED}:
            values["sealed_values"] = self.kept_values
        return self._write(session, held, **values)

    def _write(self, session: Session, held: tuple[DeliveryState, ...], **values: Any) -> bool:
        table = type(self)
        query = update(table).where(table.id == self.id, table.attempt == self.attempt, table.state.in_(held))
        query = query.values(**values).execution_options(synchronize_session=False)
        return session.scalar(query.returning(table.id)) is not None

    @classmethod
    def recover_lapsed(cls, session: Session) -> None:
        """Plan again what a worker that went away had not handed over; what it had handed over is unknown."""
        lapsed = update(cls).where(cls.state == DeliveryState.CLAIMED, cls.lease_until < database_now(session))
        gone = {"lease_until": None, "reason": "the worker went away"}
        again = {"state": DeliveryState.PLANNED, "enqueued_at": None, "is_withheld": False, **gone}
        for query in (
            lapsed.where(cls.is_withheld).values(**again),
            lapsed.where(~cls.is_withheld).values(state=DeliveryState.UNKNOWN, **gone),
        ):
            session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def find_unqueued(cls, session: Session, now: datetime, patience: timedelta, limit: int) -> list[int]:
        """Return ids of mails that are due and were not enqueued within `patience`, and mark them as enqueued."""
        due = (cls.state == DeliveryState.PLANNED) & (cls.ready_at <= now)
        return find_unqueued(session, cls, due, cls.ready_at, now=now, patience=patience, limit=limit)

    @classmethod
    def find_unknown(cls, session: Session, limit: int) -> list[UnknownDelivery]:
        """Return mails in doubt, in the order of their requests."""
        called_at = func.coalesce(cls.called_at, cls.ready_at)
        query = select(cls.id, called_at, cls.asked_at).where(cls.state == DeliveryState.UNKNOWN)
        return [UnknownDelivery(*row) for row in session.execute(query.order_by(called_at, cls.id).limit(limit))]

    @classmethod
    def count_unsettled(cls, session: Session) -> dict[str, int]:
        """Return how many mails are planned, claimed, unknown or failed, by state."""
        settled = (DeliveryState.SENT, DeliveryState.SKIPPED)
        query = select(cls.state, func.count().label("number")).where(cls.state.not_in(settled)).group_by(cls.state)
        return {row.state: row.number for row in session.execute(query)}

    @classmethod
    def called_for(cls, session: Session, ids: Iterable[int]) -> dict[int, bytes]:
        """Return whose mail each of these is, of those for which there was a request: the hash of the address by id."""
        query = select(cls.id, cls.writer_hash).where(cls.id.in_([*ids]), cls.attempt > 0)
        return {row.id: row.writer_hash for row in session.execute(query)}

    @classmethod
    def mark_accepted(cls, session: Session, accepted: Mapping[int, str | None], now: datetime) -> int:
        """Record that the provider has these mails, given with its message ids; return how many were in doubt."""
        open_ = cls.state.in_((DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.UNKNOWN))
        settled = 0
        for id_, message_id in accepted.items():
            query = update(cls).where(cls.id == id_, cls.attempt > 0, open_)
            sent = {"state": DeliveryState.SENT, "sent_at": func.coalesce(cls.called_at, now), "lease_until": None}
            kept = case((cls.kind.in_(_DELETED_ONCE_SENT), NOTHING), else_=cls.sealed_values)
            query = query.values(**sent, sealed_values=kept, provider_id=func.coalesce(cls.provider_id, message_id))
            settled += session.scalar(query.returning(cls.id).execution_options(synchronize_session=False)) is not None
        return settled

    @classmethod
    def mark_undelivered(cls, session: Session, ids: Iterable[int], reason: str) -> None:
        """Record that the provider took these mails and could not deliver them."""
        query = update(cls).where(cls.id.in_([*ids])).values(state=DeliveryState.FAILED, reason=reason)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def plan_absent(cls, session: Session, ids: Iterable[int]) -> int:
        """Plan again those of these mails that are in doubt: the provider never took them; return how many."""
        again = {"state": DeliveryState.PLANNED, "asked_at": None, "enqueued_at": None, "reason": NOT_IN_THE_RECORD}
        query = update(cls).where(cls.id.in_([*ids]), cls.state == DeliveryState.UNKNOWN).values(**again)
        query = query.returning(cls.id).execution_options(synchronize_session=False)
        return len(session.scalars(query).all())

    @classmethod
    def note_asked(cls, session: Session, ids: Iterable[int], now: datetime) -> None:
        """Note that the record has been read about these mails."""
        query = update(cls).where(cls.id.in_([*ids])).values(asked_at=now)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def prune(cls, session: Session, before: datetime) -> None:
        """Delete mails that were planned before an instant."""
        session.execute(delete(cls).where(cls.planned_at < before))


def _place(key: str) -> str:
    return f"writer_mails.values:{key}"
