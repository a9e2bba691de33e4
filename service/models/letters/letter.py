"""The table of letters: a post of the writer, from the draft until it has gone to everybody who asked for letters."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, Integer, String, Text, UniqueConstraint, and_, false, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.slots import letter_slot
from service.db import Base, Id, random_id

KEY_BITS = 31  # a reply token has 32 bits for it


class LetterState(StrEnum):
    """The state of a letter."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    STOPPED = "stopped"


class LetterSource(StrEnum):
    """Where a letter was written."""

    DESK = "desk"
    FILE = "file"
    FEED = "feed"


class LetterFormat(StrEnum):
    """The language of a letter's content; posts of a blog's feed are HTML."""

    MARKDOWN = "markdown"
    HTML = "html"


class LetterVisibility(StrEnum):
    """Who can read a letter on its page: everybody, whoever has its link, or nobody."""

    PUBLIC = "public"
    PEOPLE = "people"
    NOBODY = "nobody"


class LetterTiming(StrEnum):
    """When a letter goes: at each person's own hour of a day, at one instant, or now (in five minutes)."""

    OWN_HOUR = "own_hour"
    INSTANT = "instant"
    NOW = "now"


class LetterPause(StrEnum):
    """Why a letter is paused."""

    BY_HAND = "by_hand"
    LATE = "late"
    OLD_COPY = "old_copy"
    POLICY = "policy"
    ADDRESSES = "addresses"
    COMPLAINTS = "complaints"
    CHECKS = "checks"


MAY_BE_PAUSED = (LetterState.SCHEDULED, LetterState.SENDING)
MAY_GO = (LetterState.SENDING, LetterState.SENT)


class Letter(Base):
    """One letter. Nothing in it is private: it is what the writer publishes."""

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("source", "origin"),
        Index("ix_letters_state_starts_at", "state", "starts_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    # Stands in reply addresses, where there is no room for the id.
    key: Mapped[int] = mapped_column(Integer, unique=True, default=lambda: secrets.randbits(KEY_BITS))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(8))
    # What it is at its source: a file's name, or a feed's id of the post; unique within the source.
    origin: Mapped[str | None] = mapped_column(String(200))
    # The post's own address, if it was published elsewhere first.
    canonical_url: Mapped[str | None] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(8), default=LetterFormat.MARKDOWN)
    content: Mapped[str] = mapped_column(Text, deferred=True)
    visible: Mapped[str] = mapped_column(String(8), default=LetterVisibility.PUBLIC)
    state: Mapped[str] = mapped_column(String(12), default=LetterState.DRAFT)
    # True once somebody has edited the draft by hand: its source no longer changes it.
    is_touched: Mapped[bool] = mapped_column(default=False, server_default=false())
    # True if it was said at scheduling that it goes although a check of the doctor fails.
    goes_anyway: Mapped[bool] = mapped_column(default=False, server_default=false())
    timing: Mapped[str | None] = mapped_column(String(8))
    starts_on: Mapped[date | None]
    starts_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    # The composed parts as JSON, see `flows/outgoing/letters/frozen_letter.py`, and their hash.
    frozen: Mapped[str | None] = mapped_column(Text, deferred=True)
    frozen_digest: Mapped[str | None] = mapped_column(String(32))
    # The last subscriber for whom the letter was planned, and when everybody was.
    cursor: Mapped[int | None] = mapped_column(BigInteger)
    planned_at: Mapped[datetime | None]
    paused_because: Mapped[str | None] = mapped_column(String(16))
    paused_at: Mapped[datetime | None]
    resumed_at: Mapped[datetime | None]
    changed_on: Mapped[date | None]
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime]

    @property
    def slot(self) -> str:
        """Return the slot of its deliveries, which is the same for everybody: nobody can get it twice."""
        assert self.frozen_at is not None
        return letter_slot(self.id, self.frozen_at)

    @property
    def has_begun(self) -> bool:
        """Return whether it was planned for anybody."""
        return self.cursor is not None

    @classmethod
    def locked(cls, session: Session, letter_id: int) -> Letter | None:
        """Return a letter's current row, locked until the end of the transaction, or None."""
        query = select(cls).where(cls.id == letter_id).with_for_update()
        return session.scalar(query.execution_options(populate_existing=True))

    @classmethod
    def by_slug(cls, session: Session, slug: str) -> Letter | None:
        """Return the letter with this slug, or None."""
        return session.scalar(select(cls).where(cls.slug == slug))

    @classmethod
    def by_key(cls, session: Session, key: int) -> Letter | None:
        """Return the letter that a reply token names, or None."""
        return session.scalar(select(cls).where(cls.key == key))

    @classmethod
    def by_origin(cls, session: Session, source: LetterSource, origin: str) -> Letter | None:
        """Return the letter that came from this file or post, or None."""
        return session.scalar(select(cls).where(cls.source == source, cls.origin == origin))

    @classmethod
    def slugs_like(cls, session: Session, slug: str) -> set[str]:
        """Return the slugs that begin with this one."""
        return set(session.scalars(select(cls.slug).where(cls.slug.startswith(slug, autoescape=True))))

    @classmethod
    def newest(cls, session: Session, limit: int) -> Sequence[Letter]:
        """Return up to `limit` letters, the one that was made last first."""
        return session.scalars(select(cls).order_by(cls.created_at.desc(), cls.id).limit(limit)).all()

    @classmethod
    def titles(cls, session: Session, ids: Collection[int]) -> dict[int, str]:
        """Return the titles of these letters by id."""
        return {row.id: row.title for row in session.execute(select(cls.id, cls.title).where(cls.id.in_(ids)))}

    @classmethod
    def published(cls, session: Session, limit: int) -> Sequence[Letter]:
        """Return up to `limit` letters that everybody can read and that have begun to go out, the newest first."""
        has_begun = or_(cls.state.in_(MAY_GO), and_(cls.state.in_(_ENDED), cls.cursor.is_not(None)))
        query = select(cls).where(cls.visible == LetterVisibility.PUBLIC, has_begun)
        return session.scalars(query.order_by(cls.starts_at.desc(), cls.id).limit(limit)).all()

    @classmethod
    def next_to_plan(cls, session: Session, now: datetime) -> Letter | None:
        """Return, locked, the letter whose planning is due or under way and that no other clock plans, or None."""
        due = and_(cls.state == LetterState.SCHEDULED, cls.starts_at <= now)
        under_way = and_(cls.state == LetterState.SENDING, cls.planned_at.is_(None))
        query = select(cls).where(or_(due, under_way)).order_by(cls.starts_at, cls.id).limit(1)
        return session.scalar(query.with_for_update(skip_locked=True))

    @classmethod
    def beginning(cls, session: Session, now: datetime) -> Sequence[Letter]:
        """Return the letters that are to begin now, without those that go although a check of the doctor fails."""
        due = (cls.state == LetterState.SCHEDULED, cls.starts_at <= now, cls.goes_anyway.is_(False))
        return session.scalars(select(cls).where(*due).order_by(cls.starts_at, cls.id)).all()

    @classmethod
    def going_on(cls, session: Session) -> Sequence[Letter]:
        """Return, locked, every letter that is scheduled or sending."""
        query = select(cls).where(cls.state.in_(MAY_BE_PAUSED)).order_by(cls.id)
        return session.scalars(query.with_for_update()).all()

    @classmethod
    def may_go(cls, session: Session, letter_id: int) -> bool:
        """Return whether a letter's emails may go out at this moment."""
        query = select(cls.id).where(cls.id == letter_id, cls.state.in_(MAY_GO))
        return session.scalar(query) is not None


_ENDED = (LetterState.PAUSED, LetterState.STOPPED)
