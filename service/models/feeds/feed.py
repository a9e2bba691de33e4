"""The table of feeds: a blog's feed, from which new posts come as drafts of letters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Index, Integer, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id
from service.models.unqueued import find_unqueued

LEASE = timedelta(minutes=10)  # longer than a look with all its pictures
_ATTEMPTS = 2**31 - 1


class FeedState(StrEnum):
    """What happens with a feed: it is looked at, it rests, its server says that it is gone, or it was removed."""

    ACTIVE = "active"
    PAUSED = "paused"
    GONE = "gone"
    REMOVED = "removed"


class FeedMode(StrEnum):
    """What becomes of a feed's new posts: drafts, or letters that go by themselves an hour later."""

    DRAFT = "draft"
    AUTO = "auto"


class FeedPause(StrEnum):
    """Why a feed rests: somebody said so, or this database may be an old copy."""

    BY_HAND = "by_hand"
    OLD_COPY = "old_copy"


class Feed(Base):
    """One feed. A row is never deleted: its posts stay known, so that none becomes a letter twice.

    `looked_at` is when it was last read, None before the first time at an address. `whole_at` is when it was last asked
    for without conditions.
    """

    __tablename__ = "feeds"
    __table_args__ = (Index("ix_feeds_state_next_look_at", "state", "next_look_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    url: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(8), default=FeedState.ACTIVE)
    mode: Mapped[str] = mapped_column(String(8), default=FeedMode.DRAFT, server_default=FeedMode.DRAFT.value)
    paused_because: Mapped[str | None] = mapped_column(String(16))
    added_at: Mapped[datetime]
    looked_at: Mapped[datetime | None]
    next_look_at: Mapped[datetime]
    enqueued_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    whole_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(16))
    failures: Mapped[int] = mapped_column(Integer, default=0)
    failing_since: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    # Where permanent redirects have led, and how often in a row.
    moved_to: Mapped[str | None] = mapped_column(Text)
    moves: Mapped[int] = mapped_column(Integer, default=0)

    @classmethod
    def list_all(cls, session: Session) -> Sequence[Feed]:
        """Return the feeds that were not removed, the oldest first."""
        query = select(cls).where(cls.state != FeedState.REMOVED)
        return session.scalars(query.order_by(cls.added_at, cls.id)).all()

    @classmethod
    def lock_all(cls, session: Session) -> dict[int, Feed]:
        """Return every feed by its id, locked: one look at a time decides what is new."""
        query = select(cls).order_by(cls.id).with_for_update().execution_options(populate_existing=True)
        return {feed.id: feed for feed in session.scalars(query)}

    @classmethod
    def claim(cls, session: Session, feed_id: int, now: datetime, *, at_once: bool = False) -> Feed | None:
        """Claim a feed that is due, or `at_once` any that is active; None if there is none or another worker looks."""
        query = update(cls).where(cls.id == feed_id, cls.state == FeedState.ACTIVE)
        if not at_once:
            query = query.where(cls.next_look_at <= now)
        query = query.values(attempt=(cls.attempt + 1) % _ATTEMPTS, next_look_at=now + LEASE)
        claimed = session.scalar(query.returning(cls.id).execution_options(synchronize_session=False))
        return None if claimed is None else session.get_one(cls, feed_id, populate_existing=True)

    @classmethod
    def find_unqueued(cls, session: Session, now: datetime, patience: timedelta, limit: int) -> list[int]:
        """Return ids of feeds that are due and have no job, and mark them as enqueued."""
        due = (cls.state == FeedState.ACTIVE) & (cls.next_look_at <= now)
        return find_unqueued(session, cls, due, cls.next_look_at, now=now, patience=patience, limit=limit)

    def begin_anew(self) -> None:
        """Let the next look be the first one: what stands at the address is seen, and not new."""
        self.looked_at = self.etag = self.last_modified = self.whole_at = None
        self.problem = self.failing_since = self.told_at = self.moved_to = None
        self.failures = self.moves = 0
