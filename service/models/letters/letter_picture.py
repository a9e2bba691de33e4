"""The table of the pictures in letters, redrawn; the writer publishes them, so they are not sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.journal.photos import Picture
from service.db import Base, Id, random_id


class LetterPicture(Base):
    """One picture of a letter; `name` is how the letter's content names it: a file's name or an address."""

    __tablename__ = "letter_pictures"
    __table_args__ = (UniqueConstraint("letter_id", "name"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(String(16))
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]

    @classmethod
    def of_letter(cls, session: Session, letter_id: int) -> Sequence[LetterPicture]:
        """Return a letter's pictures."""
        return session.scalars(select(cls).where(cls.letter_id == letter_id).order_by(cls.created_at, cls.id)).all()

    @classmethod
    def data_of(cls, session: Session, ids: Sequence[int]) -> dict[int, bytes]:
        """Return the bytes of these pictures, by id."""
        return {row[0]: row[1] for row in session.execute(select(cls.id, cls.data).where(cls.id.in_(ids)))}

    @classmethod
    def put(cls, session: Session, letter_id: int, name: str, picture: Picture, now: datetime) -> LetterPicture:
        """Store a picture of a letter, in place of one of the same name."""
        session.execute(delete(cls).where(cls.letter_id == letter_id, cls.name == name))
        stored = cls(
            letter_id=letter_id,
            name=name,
            content_type=picture.content_type,
            width=picture.width,
            height=picture.height,
            size_bytes=len(picture.data),
            data=picture.data,
            created_at=now,
        )
        session.add(stored)
        session.flush()
        return stored
