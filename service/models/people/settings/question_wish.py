"""The table of wishes about single questions: not to be asked one again, or to be asked it again from a day on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, insert_into


class QuestionWish(Base):
    """What somebody wants of one question, by its prompt id.

    `again_on` is the local date from which on it comes again, on the first day of questions; None if it is never to
    come again.
    """

    __tablename__ = "question_wishes"

    subscriber_id: Mapped[int] = mapped_column(
        Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    prompt_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    again_on: Mapped[date | None]

    @classmethod
    def put(cls, session: Session, subscriber_id: int, prompt_id: str, again_on: date | None) -> None:
        """Store a wish in place of the one before about the same question."""
        insert = insert_into(session, cls).values(subscriber_id=subscriber_id, prompt_id=prompt_id, again_on=again_on)
        key = ["subscriber_id", "prompt_id"]
        session.execute(insert.on_conflict_do_update(index_elements=key, set_={"again_on": again_on}))

    @classmethod
    def remove(cls, session: Session, subscriber_id: int, prompt_id: str) -> None:
        """Delete a wish, so that the question comes in its turn as any other."""
        session.execute(delete(cls).where(cls.subscriber_id == subscriber_id, cls.prompt_id == prompt_id))

    @classmethod
    def find(cls, session: Session, subscriber_id: int, prompt_id: str) -> QuestionWish | None:
        """Return a person's wish about a question, or None."""
        return session.scalar(select(cls).where(cls.subscriber_id == subscriber_id, cls.prompt_id == prompt_id))

    @classmethod
    def of_subscribers(cls, session: Session, subscriber_ids: Iterable[int]) -> dict[int, list[QuestionWish]]:
        """Return the wishes of those of these people who have any, by the person's id, in the order of their dates."""
        query = select(cls).where(cls.subscriber_id.in_(list(subscriber_ids))).order_by(cls.again_on, cls.prompt_id)
        found: dict[int, list[QuestionWish]] = {}
        for row in session.scalars(query):
            found.setdefault(row.subscriber_id, []).append(row)
        return found

    @classmethod
    def of_subscriber(cls, session: Session, subscriber_id: int) -> Sequence[QuestionWish]:
        """Return a person's wishes, in the order of their dates."""
        return cls.of_subscribers(session, [subscriber_id]).get(subscriber_id, [])
