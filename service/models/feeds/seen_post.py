"""The tables of the posts that were seen in feeds, and of the keys by which each is known again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, String, Text, false, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id
from service.models.letters.letter import Letter, LetterState

_KEYS_AT_ONCE = 500


class PostNote(StrEnum):
    """What the writer should know of a post before it goes."""

    NEWEST = "newest"
    MANY = "many"
    NO_DATE = "no_date"
    BAD_DATE = "bad_date"
    OLD = "old"
    EMPTY = "empty"
    REPEAT = "repeat"
    OLD_ID = "old_id"
    BROKEN = "broken"
    EXCERPT = "excerpt"
    TOO_LONG = "too_long"
    LATE = "late"
    AHEAD = "ahead"
    DELETED = "deleted"
    CHANGING = "changing"
    CHECK_FAILS = "check_fails"


class SeenPost(Base):
    """A post that was seen. `letter_id` is the draft that it became; `waits_until` its date, if that lies ahead.

    `goes_at` is when it goes by itself, or went; None if it does not. `changes` counts how often its hour began again.
    """

    __tablename__ = "seen_posts"
    __table_args__ = (
        Index("ix_seen_posts_feed_id_found_at", "feed_id", "found_at"),
        Index("ix_seen_posts_start_hash", "start_hash"),
        Index("ix_seen_posts_letter_id", "letter_id"),
        Index("ix_seen_posts_goes_at", "goes_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    feed_id: Mapped[int] = mapped_column(ForeignKey("feeds.id"))
    title: Mapped[str] = mapped_column(String(200))
    link: Mapped[str] = mapped_column(Text)
    start_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    published_at: Mapped[datetime | None]
    found_at: Mapped[datetime]
    waits_until: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(12))
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letters.id"))
    has_pictures: Mapped[bool] = mapped_column(default=False, server_default=false())
    goes_at: Mapped[datetime | None]
    changes: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")

    @classmethod
    def by_keys(cls, session: Session, keys: Iterable[bytes]) -> dict[bytes, SeenPost]:
        """Return the posts that any of these keys names, by key."""
        wanted: list[bytes] = [*dict.fromkeys(keys)]
        found: dict[bytes, SeenPost] = {}
        for start in range(0, len(wanted), _KEYS_AT_ONCE):
            some = wanted[start : start + _KEYS_AT_ONCE]
            query = select(SeenPostKey.key, cls).join(cls, cls.id == SeenPostKey.post_id)
            found |= dict(iter(session.execute(query.where(SeenPostKey.key.in_(some)))))
        return found

    @classmethod
    def begins_alike(cls, session: Session, start_hash: bytes, since: datetime, *, other_than: int) -> bool:
        """Return whether another post with this title and beginning was found since then."""
        query = select(cls.id).where(cls.start_hash == start_hash, cls.found_at >= since, cls.id != other_than)
        return session.scalar(query.limit(1)) is not None

    @classmethod
    def newest_drafts(cls, session: Session, limit: int) -> Sequence[SeenPost]:
        """Return up to `limit` posts that became letters or wait for their date, the one found last first."""
        query = select(cls).where(cls.letter_id.is_not(None) | cls.waits_until.is_not(None))
        return session.scalars(query.order_by(cls.found_at.desc(), cls.id).limit(limit)).all()

    @classmethod
    def going(cls, session: Session, feed_id: int | None = None) -> Sequence[SeenPost]:
        """Return the posts, of one feed or of all, that go by themselves and are drafts until then, the next first."""
        query = select(cls).join(Letter, Letter.id == cls.letter_id)
        query = query.where(cls.goes_at.is_not(None), Letter.state == LetterState.DRAFT)
        if feed_id is not None:
            query = query.where(cls.feed_id == feed_id)
        return session.scalars(query.order_by(cls.goes_at, cls.id)).all()

    @classmethod
    def of_letter_that_goes(cls, session: Session, letter_id: int) -> SeenPost | None:
        """Return the current row of the post that this letter is made of, if it goes or went by itself."""
        query = select(cls).where(cls.letter_id == letter_id, cls.goes_at.is_not(None))
        return session.scalar(query.execution_options(populate_existing=True))

    @classmethod
    def keep_back(cls, session: Session, letter_id: int) -> bool:
        """Let a letter not go by itself; return whether it was to. Lock the letter first."""
        row = cls.of_letter_that_goes(session, letter_id)
        if row is None:
            return False
        row.goes_at = None
        return True

    @classmethod
    def forget_letter(cls, session: Session, letter_id: int) -> None:
        """Leave the post that a letter is made of as one that was seen, of which no letter is made again."""
        session.execute(update(cls).where(cls.letter_id == letter_id).values(letter_id=None, goes_at=None))

    @classmethod
    def times_of_going(cls, session: Session, since: datetime, *, other_than: int) -> list[datetime]:
        """Return when other posts go or went by themselves since an instant."""
        query = select(cls.goes_at).where(cls.goes_at >= since, cls.id != other_than)
        return [at for at in session.scalars(query) if at is not None]

    @classmethod
    def without_pictures(cls, session: Session, feed_id: int) -> Sequence[SeenPost]:
        """Return the posts of a feed whose drafts have not got their pictures yet."""
        query = select(cls).where(cls.feed_id == feed_id, cls.letter_id.is_not(None), cls.has_pictures.is_(False))
        return session.scalars(query.order_by(cls.id)).all()


class SeenPostKey(Base):
    """A key of a post, by its id or its link: unique in the service, so that no post is new twice."""

    __tablename__ = "seen_post_keys"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("seen_posts.id"), index=True)
