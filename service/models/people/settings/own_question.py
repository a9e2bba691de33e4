"""The table of own questions: what a person wants to be asked, in their own words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String, cast, delete, false, literal, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.library.own_question import OWN
from service.db import Base, Id, random_id
from service.models.people.journal.entry import Entry


class OwnQuestion(Base):
    """A question of one person, sealed; `asked_on` is the local date for which it was last planned.

    A removed one is not asked again, and stays as long as there is an entry that answers it. `import_id` is the
    import that brought it, if one did.
    """

    __tablename__ = "own_questions"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("journal_imports.id", ondelete="SET NULL"), index=True)
    sealed_words: Mapped[bytes] = mapped_column(LargeBinary)
    is_removed: Mapped[bool] = mapped_column(default=False, server_default=false())
    asked_on: Mapped[date | None]
    created_at: Mapped[datetime]

    @classmethod
    def find(cls, session: Session, subscriber_id: int, question_id: int) -> OwnQuestion | None:
        """Return one question of this person that is still asked, or None; never another person's."""
        query = select(cls).where(cls.id == question_id, cls.subscriber_id == subscriber_id, ~cls.is_removed)
        return session.scalar(query)

    @classmethod
    def of_subscriber(cls, session: Session, subscriber_id: int, *, removed: bool = False) -> Sequence[OwnQuestion]:
        """Return a person's questions, the oldest first; with `removed` also the removed ones."""
        query = select(cls).where(cls.subscriber_id == subscriber_id)
        query = query if removed else query.where(~cls.is_removed)
        return session.scalars(query.order_by(cls.created_at, cls.id)).all()

    @classmethod
    def of_subscribers(cls, session: Session, subscriber_ids: Iterable[int]) -> dict[int, list[OwnQuestion]]:
        """Return the questions of those of these people who have any that are asked, by the person's id."""
        found: dict[int, list[OwnQuestion]] = {}
        for row in session.scalars(select(cls).where(cls.subscriber_id.in_(list(subscriber_ids)), ~cls.is_removed)):
            found.setdefault(row.subscriber_id, []).append(row)
        return found

    @classmethod
    def take_back(cls, session: Session, import_id: int) -> None:
        """Delete the questions that an import brought, but for those that were changed or are answered since."""
        brought = update(cls).where(cls.import_id == import_id).values(is_removed=True)
        owners = session.scalars(brought.returning(cls.subscriber_id).execution_options(synchronize_session=False))
        for subscriber_id in {*owners}:
            cls.drop_unanswered(session, subscriber_id)

    @classmethod
    def drop_unanswered(cls, session: Session, subscriber_id: int | None = None) -> None:
        """Delete removed questions, of one person or of everybody, that no entry answers."""
        answer = select(Entry.id).where(
            Entry.subscriber_id == cls.subscriber_id, Entry.prompt_id == literal(OWN).concat(cast(cls.id, String))
        )
        query = delete(cls).where(cls.is_removed, ~answer.exists())
        query = query if subscriber_id is None else query.where(cls.subscriber_id == subscriber_id)
        session.execute(query.execution_options(synchronize_session=False))
