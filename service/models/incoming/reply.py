"""The table of incoming mail: sealed until it is processed, then with its outcome.

Which worker processes a mail is in `reply_claims`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from service.db import Base, Id, random_id
from service.models.people.journal.entry import Entry

RAW_KEPT = timedelta(days=30)
RAW_KEPT_FOR_CHOICE = timedelta(days=180)  # where words may be missing, until their owner has chosen
DISOWNED = "its owner says it is not theirs"
CLAIMED = "claimed by its owner"
KEPT_WHOLE = "kept whole by its owner"
LEFT_OUT = "its owner leaves out what was set aside"


class Outcome(StrEnum):
    """The outcome of processing a mail."""

    ENTRY = "entry"
    COMMAND = "command"
    CONFIRMED = "confirmed"
    EMPTY = "empty"
    AUTO_REPLY = "auto_reply"
    HELD = "held"
    STRANGER = "stranger"
    DUPLICATE = "duplicate"
    UNREADABLE = "unreadable"
    TEST = "test"


_REPLAYED = (Outcome.HELD, Outcome.UNREADABLE, Outcome.AUTO_REPLY, Outcome.EMPTY)


class Reply(Base):
    """One incoming mail: the sealed webhook post, and its outcome once there is one."""

    __tablename__ = "replies"
    __table_args__ = (
        Index("uq_replies_same_mail", "recipient_hash", "message_id_hash", "content_hash", unique=True),
        Index(
            "ix_replies_waiting",
            "received_at",
            postgresql_where=text("outcome IS NULL"),
            sqlite_where=text("outcome IS NULL"),
        ),
        Index("ix_replies_kept_until", "kept_until"),
        Index("ix_replies_entry_id", "entry_id"),
        Index("ix_replies_subscriber_id_received_at", "subscriber_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    received_at: Mapped[datetime]
    recipient_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    message_id_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    stored_as: Mapped[str | None] = mapped_column(String(80))
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    outcome: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(64))
    entry_id: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    lease_until: Mapped[datetime | None]
    enqueued_at: Mapped[datetime | None]
    processed_at: Mapped[datetime | None]
    kept_until: Mapped[datetime | None]

    def conclude(self, outcome: Outcome, reason: str, *, now: datetime, keep_raw_until: datetime) -> None:
        """Store the final outcome of this mail."""
        self.outcome, self.reason = outcome, reason or None
        self.processed_at, self.lease_until = now, None
        self.kept_until = keep_raw_until

    @classmethod
    def find_held(cls, session: Session, subscriber_id: int, reply_id: int, *, lock: bool = False) -> Reply | None:
        """Return a mail that is held for this person and whose raw mail is still kept, or None."""
        return cls._own(session, subscriber_id, reply_id, cls.outcome == Outcome.HELD, lock=lock)

    @classmethod
    def find_restorable(
        cls, session: Session, subscriber_id: int, reply_id: int, *, lock: bool = False
    ) -> Reply | None:
        """Return a mail of this person whose entry was deleted and whose raw mail is still kept, or None."""
        is_there = select(Entry.id).where(Entry.id == cls.entry_id, Entry.is_there()).exists()
        has_none = (cls.outcome == Outcome.ENTRY) & ~is_there
        return cls._own(session, subscriber_id, reply_id, has_none, lock=lock)

    @classmethod
    def find_to_keep_whole(
        cls, session: Session, subscriber_id: int, reply_id: int, *, lock: bool = False
    ) -> Reply | None:
        """Return a mail of this person that became no entry, for want of words, and whose raw form is here, or None."""
        without_entry = cls.outcome.in_((Outcome.EMPTY, Outcome.COMMAND))
        return cls._own(session, subscriber_id, reply_id, without_entry, lock=lock)

    @classmethod
    def find_own(cls, session: Session, subscriber_id: int, reply_id: int) -> Reply | None:
        """Return a mail of this person, with any outcome, or None."""
        return session.scalar(select(cls).where(cls.id == reply_id, cls.subscriber_id == subscriber_id))

    def end_choice(self, at_least_until: datetime | None = None) -> None:
        """Keep the raw mail no longer than usual, since its owner has chosen; but until an instant at least."""
        if self.kept_until is not None and self.processed_at is not None:
            usual = self.processed_at + RAW_KEPT
            self.kept_until = min(self.kept_until, max(usual, at_least_until or usual))

    def disown(self, keep_raw_until: datetime) -> None:
        """Record that the owner says this held mail is not theirs; they may change that while the raw mail is kept."""
        self.reason = DISOWNED
        self.kept_until = keep_raw_until

    @property
    def is_disowned(self) -> bool:
        """Return whether its owner said that it is not theirs."""
        return self.reason == DISOWNED

    @classmethod
    def _own(
        cls, session: Session, subscriber_id: int, reply_id: int, condition: ColumnElement[bool], *, lock: bool
    ) -> Reply | None:
        query = select(cls).where(cls.id == reply_id, cls.subscriber_id == subscriber_id, condition, cls._is_here())
        return session.scalar(query.with_for_update() if lock else query)

    @classmethod
    def _is_here(cls) -> ColumnElement[bool]:
        return or_(cls.sealed_raw.is_not(None), cls.stored_as.is_not(None))

    def reprocess_as_own(self, now: datetime, reason: str) -> None:
        """Have this mail processed again, now that its owner says it is theirs, or that all of it is."""
        self.outcome, self.reason = None, reason
        self.processed_at = self.kept_until = self.entry_id = None
        self.attempts, self.enqueued_at = 0, now

    def is_claimed_by(self, subscriber_id: int) -> bool:
        """Return whether its owner said that it is theirs, from any sender."""
        return self.reason in {CLAIMED, KEPT_WHOLE} and self.subscriber_id == subscriber_id

    @property
    def is_kept_whole(self) -> bool:
        """Return whether its owner wants what was set aside in it in their journal."""
        return self.reason == KEPT_WHOLE

    @classmethod
    def find_by_entry(cls, session: Session, subscriber_id: int, entry_id: int) -> Reply | None:
        """Return the mail that an entry of this person was made from, or None."""
        return session.scalar(select(cls).where(cls.entry_id == entry_id, cls.subscriber_id == subscriber_id))

    @classmethod
    def next_held(cls, session: Session, subscriber_id: int, *, besides: int) -> int | None:
        """Return the id of the oldest mail about which this person has yet to decide, or None."""
        waiting = (cls.subscriber_id == subscriber_id, cls.outcome == Outcome.HELD, cls.reason != DISOWNED)
        return session.scalar(select(cls.id).where(*waiting, cls.id != besides).order_by(cls.received_at).limit(1))

    @classmethod
    def list_quarantined(cls, session: Session) -> Sequence[Reply]:
        """Return all mails that are held or could not be read, the oldest first, without loading the raw mails."""
        query = select(cls).where(cls.outcome.in_((Outcome.HELD, Outcome.UNREADABLE))).options(defer(cls.sealed_raw))
        return session.scalars(query.order_by(cls.received_at, cls.id)).all()

    @classmethod
    def count_quarantined(cls, session: Session) -> dict[str, int]:
        """Return how many mails are held or could not be read, by outcome."""
        query = select(cls.outcome, func.count().label("number")).group_by(cls.outcome)
        query = query.where(cls.outcome.in_((Outcome.HELD, Outcome.UNREADABLE)))
        return {row.outcome: row.number for row in session.execute(query)}

    @classmethod
    def ids_to_export(cls, session: Session, subscriber_id: int) -> Sequence[int]:
        """Return the ids of this person's mails whose raw form is kept, the oldest first; not of those that are held.

        A held mail may be somebody else's.
        """
        kept = (cls.subscriber_id == subscriber_id, cls.outcome.is_not(None), cls.outcome != Outcome.HELD)
        query = select(cls.id).where(*kept, cls._is_here()).order_by(cls.received_at, cls.id)
        return session.scalars(query).all()

    @classmethod
    def find_replayable(cls, session: Session, reply_id: int) -> Reply | None:
        """Return, locked, a mail that may be processed again, or None."""
        row = session.scalar(select(cls).where(cls.id == reply_id).with_for_update())
        return row if row and row.may_be_replayed and row.has_raw else None

    @property
    def may_be_replayed(self) -> bool:
        """Return whether processing it again can neither double an entry nor overrule its owner."""
        return self.outcome in _REPLAYED and self.reason not in {DISOWNED, LEFT_OUT}

    def reprocess(self, now: datetime) -> None:
        """Have this mail processed as if it had just arrived."""
        self.outcome = self.reason = self.processed_at = self.lease_until = self.kept_until = None
        self.attempts, self.enqueued_at = 0, now

    @property
    def has_raw(self) -> bool:
        """Return whether the raw mail is still kept."""
        return self.sealed_raw is not None or self.stored_as is not None

    def drop_raw(self) -> None:
        """Delete the raw mail; its outcome stays."""
        self.sealed_raw = self.stored_as = self.kept_until = None

    @classmethod
    def drop_raw_of(cls, session: Session, ids: Sequence[int]) -> None:
        """Delete the raw form of many mails."""
        query = update(cls).where(cls.id.in_(ids)).values(sealed_raw=None, stored_as=None, kept_until=None)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def find_expired(cls, session: Session, now: datetime, limit: int) -> Sequence[Reply]:
        """Return mails whose raw form is due to be deleted."""
        return session.scalars(select(cls).where(cls.kept_until < now).limit(limit)).all()

    @classmethod
    def names_among(cls, session: Session, names: Sequence[str]) -> set[str]:
        """Return which of these names of objects ("replies/<id>", "replies/<id>.<suffix>") a row has."""
        heads = [name.rpartition("/")[2].partition(".")[0] for name in names]
        ids = [int(digits) for digits in heads if digits.isdecimal()]
        stored = set(session.scalars(select(cls.stored_as).where(cls.id.in_(ids))))
        return {name for name in names if name in stored}
