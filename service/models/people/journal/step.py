"""The table of small steps: each one sealed, with how it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, LargeBinary, String, and_, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.journal.steps import StepState
from service.db import Base, Id, random_id
from service.models.people.journal.entry import Entry

_KEY = 0xFFFFFFFF


class Step(Base):
    """One small step, in the person's own words; `follow_up_on` is the local date of its one follow-up.

    `entry_id` is the reply that chose it, or None if it was written on the page of steps. Deleting the entry deletes
    the step.
    """

    __tablename__ = "steps"
    __table_args__ = (
        Index("ix_steps_subscriber_id_chosen_on", "subscriber_id", "chosen_on"),
        Index("ix_steps_entry_id", "entry_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    prompt_id: Mapped[str | None] = mapped_column(String(64))
    sealed_words: Mapped[bytes] = mapped_column(LargeBinary)
    chosen_on: Mapped[date]
    follow_up_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(8), default=StepState.OPEN)
    answered_on: Mapped[date | None]
    created_at: Mapped[datetime]

    @property
    def key(self) -> int:
        """Return the 32-bit number of a step in the reply address of its follow-up."""
        return self.id & _KEY

    @classmethod
    def _theirs(cls, subscriber_id: int) -> ColumnElement[bool]:
        """Return the condition that a step is this person's, and not of an entry that they have deleted."""
        deleted = select(Entry.id).where(Entry.id == cls.entry_id, ~Entry.is_there()).exists()
        return and_(cls.subscriber_id == subscriber_id, ~deleted)

    @classmethod
    def find(cls, session: Session, subscriber_id: int, step_id: int) -> Step | None:
        """Return one step of this person, or None; never another person's."""
        return session.scalar(select(cls).where(cls.id == step_id, cls._theirs(subscriber_id)))

    @classmethod
    def list_for(cls, session: Session, subscriber_id: int) -> Sequence[Step]:
        """Return a person's steps, the newest first."""
        query = select(cls).where(cls._theirs(subscriber_id))
        return session.scalars(query.order_by(cls.chosen_on.desc(), cls.created_at.desc(), cls.id)).all()

    @classmethod
    def find_by_follow_up(cls, session: Session, subscriber_id: int, on: date, key: int) -> Step | None:
        """Return the step that the follow-up of this local date asked about, by its key, or None."""
        query = select(cls).where(cls._theirs(subscriber_id), cls.follow_up_on == on)
        return next((step for step in session.scalars(query) if step.key == key), None)

    @classmethod
    def find_by_key(cls, session: Session, subscriber_id: int, key: int) -> Step | None:
        """Return the step of this person that has this key, or None."""
        return next((step for step in cls.list_for(session, subscriber_id) if step.key == key), None)

    @classmethod
    def find_by_entry(cls, session: Session, entry_id: int) -> Step | None:
        """Return the step that was chosen in an entry, or None."""
        return session.scalar(select(cls).where(cls.entry_id == entry_id))

    @classmethod
    def taken_between(cls, session: Session, subscriber_id: int, first: date, last: date) -> Sequence[Step]:
        """Return the steps taken, as the person said, from the first to the last of these local dates, in that order.

        A step chosen in an entry that the person keeps out of their digests is left out.
        """
        kept_out = select(Entry.id).where(Entry.id == cls.entry_id, Entry.is_kept_out).exists()
        query = select(cls).where(
            cls._theirs(subscriber_id),
            cls.state == StepState.TAKEN,
            cls.answered_on.between(first, last),
            ~kept_out,
        )
        return session.scalars(query.order_by(cls.answered_on, cls.created_at, cls.id)).all()

    @classmethod
    def remove(cls, session: Session, subscriber_id: int, step_id: int) -> bool:
        """Delete one step of this person; return whether it was there."""
        query = delete(cls).where(cls.id == step_id, cls.subscriber_id == subscriber_id).returning(cls.id)
        return session.execute(query).first() is not None
