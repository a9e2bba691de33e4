"""The table of photos: where each is stored sealed, its owner, and its entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    and_,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id
from service.models.people.journal.entry import Entry

REMOVED = "removed_at IS NOT NULL"


class Photo(Base):
    """One photo of an entry; the picture itself is in the object store, sealed, under `stored_as`."""

    __tablename__ = "photos"
    __table_args__ = (
        Index("ix_photos_entry_id", "entry_id"),
        Index("ix_photos_subscriber_id_content_mac", "subscriber_id", "content_mac"),
        Index("ix_photos_removed_at", "removed_at", postgresql_where=text(REMOVED), sqlite_where=text(REMOVED)),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    stored_as: Mapped[str] = mapped_column(String(80))
    content_type: Mapped[str] = mapped_column(String(16))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime]
    content_mac: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_description: Mapped[bytes | None] = mapped_column(LargeBinary)
    # When its owner removed it; from then on no query here returns it but those that say so.
    removed_at: Mapped[datetime | None]

    @classmethod
    def is_there(cls) -> ColumnElement[bool]:
        """Return the condition that a photo is not removed."""
        return cls.removed_at.is_(None)

    @classmethod
    def _of_entries_there(cls, subscriber_id: int) -> ColumnElement[bool]:
        """Return the condition that a photo is this person's, and not of an entry that they have deleted."""
        deleted = select(Entry.id).where(Entry.id == cls.entry_id, ~Entry.is_there()).exists()
        return and_(cls.subscriber_id == subscriber_id, ~deleted)

    @classmethod
    def _theirs(cls, subscriber_id: int) -> ColumnElement[bool]:
        return and_(cls._of_entries_there(subscriber_id), cls.is_there())

    @classmethod
    def find(cls, session: Session, subscriber_id: int, photo_id: int) -> Photo | None:
        """Return one photo of this person, or None; never another person's."""
        return session.scalar(select(cls).where(cls.id == photo_id, cls._theirs(subscriber_id)))

    @classmethod
    def names_among(cls, session: Session, names: Sequence[str]) -> set[str]:
        """Return which of these names of objects ("photos/<id>") a row has."""
        ids = [int(digits) for name in names if (digits := name.rpartition("/")[2]).isdecimal()]
        return set(session.scalars(select(cls.stored_as).where(cls.id.in_(ids), cls.stored_as.in_(names))))

    @classmethod
    def list_for_entries(cls, session: Session, subscriber_id: int, entry_ids: Sequence[int]) -> Sequence[Photo]:
        """Return the photos of these entries of this person, in the order in which they arrived."""
        return session.scalars(
            select(cls)
            .where(cls.subscriber_id == subscriber_id, cls.entry_id.in_(entry_ids), cls.is_there())
            .order_by(cls.entry_id, cls.position, cls.id)
        ).all()

    @classmethod
    def names_of_entry(cls, session: Session, subscriber_id: int, entry_id: int) -> set[str]:
        """Return the names of the objects of all photos of this entry of this person, also of removed ones."""
        query = select(cls.stored_as).where(cls.subscriber_id == subscriber_id, cls.entry_id == entry_id)
        return set(session.scalars(query))

    @classmethod
    def find_removed(cls, session: Session, subscriber_id: int, photo_id: int, after: datetime) -> Photo | None:
        """Return a photo of this person that was removed after an instant, or None."""
        theirs = cls._of_entries_there(subscriber_id)
        return session.scalar(select(cls).where(cls.id == photo_id, theirs, cls.removed_at > after))

    @classmethod
    def removed_after(cls, session: Session, subscriber_id: int, entry_id: int, after: datetime) -> Sequence[Photo]:
        """Return the photos of an entry of this person that were removed after an instant, the last one first."""
        query = select(cls).where(cls.subscriber_id == subscriber_id, cls.entry_id == entry_id, cls.removed_at > after)
        return session.scalars(query.order_by(cls.removed_at.desc(), cls.id)).all()

    @classmethod
    def times_seen(cls, session: Session, subscriber_id: int, macs: Sequence[bytes]) -> Counter[bytes]:
        """Return for each of these contents how many earlier entries of this person it arrived with."""
        query = (
            select(cls.content_mac, func.count(cls.entry_id.distinct()))
            .where(cls.subscriber_id == subscriber_id, cls.content_mac.in_(macs))
            .group_by(cls.content_mac)
        )
        return Counter({row[0]: row[1] for row in session.execute(query)})
