"""The installation: which one this database is, whether it may send, and since when it agrees with the provider."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Database, insert_into

ONLY = "this"
ID_BYTES = 10


class HoldReason(StrEnum):
    """Why nothing is sent."""

    OPERATOR = "operator"  # by command
    NOT_COMPARED = "not_compared"  # the provider's record has not been compared since a pause
    OLD_COPY = "old_copy"  # the provider took what this database does not know
    CANNOT_KNOW = "cannot_know"  # the provider's record does not reach back far enough


_WEIGHT = (HoldReason.NOT_COMPARED, HoldReason.OPERATOR, HoldReason.CANNOT_KNOW, HoldReason.OLD_COPY)


class Installation(Base):
    """The one row that says which installation this is; it goes with every copy of the database."""

    __tablename__ = "installations"

    name: Mapped[str] = mapped_column(String(8), primary_key=True)
    id: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    compared_at: Mapped[datetime]
    held_at: Mapped[datetime | None]
    held_because: Mapped[str | None] = mapped_column(String(16))

    @classmethod
    def load(cls, database: Database, now: datetime) -> str:
        """Return the random id of this installation, making it the first time."""
        with database.write() as session:
            # Two processes may start at once on an empty database: the first one's id is everybody's.
            row = {"name": ONLY, "id": secrets.token_hex(ID_BYTES), "created_at": now, "compared_at": now}
            session.execute(insert_into(session, cls).values(row).on_conflict_do_nothing())
            return session.scalars(select(cls.id)).one()

    @classmethod
    def current(cls, session: Session) -> Installation:
        """Return the row."""
        return session.scalars(select(cls)).one()

    @classmethod
    def is_held(cls, session: Session) -> bool:
        """Return whether nothing may be sent."""
        return session.scalar(select(cls.held_because).where(cls.held_because.is_not(None))) is not None

    @classmethod
    def hold(cls, session: Session, reason: HoldReason, now: datetime) -> bool:
        """Let nothing be sent; return whether that is new.

        A weightier reason takes the place of another: a comparison lifts only its own, and an old copy needs more
        than an operator's word.
        """
        lighter = _WEIGHT[: _WEIGHT.index(reason)]
        query = update(cls).where(cls.held_because.is_(None) | cls.held_because.in_(lighter))
        query = query.values(held_because=reason, held_at=now).execution_options(synchronize_session=False)
        return bool(session.scalars(query.returning(cls.id)).all())

    @classmethod
    def release(cls, session: Session, *reasons: HoldReason) -> bool:
        """Release sending if it is held for one of these reasons (for any, if none is given); return whether it was."""
        query = update(cls).where(cls.held_because.in_(reasons) if reasons else cls.held_because.is_not(None))
        query = query.values(held_because=None, held_at=None).execution_options(synchronize_session=False)
        return bool(session.scalars(query.returning(cls.id)).all())

    @classmethod
    def note_reconciled(cls, session: Session, now: datetime) -> None:
        """Note that what the provider took is marked; an old copy stays held until an operator releases it."""
        query = update(cls).values(compared_at=now).execution_options(synchronize_session=False)
        session.execute(query)
        query = update(cls).where(cls.held_because == HoldReason.OLD_COPY).values(held_because=HoldReason.OPERATOR)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def note_compared(cls, session: Session, now: datetime) -> None:
        """Note that the provider's record agrees with this database up to now, unless that is what holds sending."""
        agrees = cls.held_because.is_(None) | (cls.held_because == HoldReason.OPERATOR)
        query = update(cls).where(cls.compared_at < now, agrees).values(compared_at=now)
        session.execute(query.execution_options(synchronize_session=False))
