"""The tables of lists that were brought from other services, and of whom each brought."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, delete, exists, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id
from service.models.outgoing.deliveries.delivery import Delivery
from service.models.people.subscription.subscriber import Subscriber


class BroughtAs(StrEnum):
    """What became of somebody on a list: active at once, still to be asked, asked, or only recorded as gone."""

    ACTIVE = "active"
    WAITING = "waiting"
    ASKED = "asked"
    STOPPED = "stopped"
    BOUNCED = "bounced"


class ListImport(Base):
    """One list that was brought: from where, when, and the hash of the words that its people had agreed to."""

    __tablename__ = "list_imports"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    source: Mapped[str] = mapped_column(String(16))
    proof_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class BroughtPerson(Base):
    """Somebody whom an import brought, by keyed hash, so that no address is brought, or asked, a second time.

    `sealed_form` is the signup that is still to be asked about, bound to `request_id`, the mail request that asks.
    """

    __tablename__ = "brought_people"
    __table_args__ = (
        Index(
            "ix_brought_people_waiting",
            "ask_from",
            postgresql_where=text("sealed_form IS NOT NULL"),
            sqlite_where=text("sealed_form IS NOT NULL"),
        ),
        Index("ix_brought_people_import_id", "import_id"),
        Index("ix_brought_people_asked_at", "asked_at"),
    )

    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    import_id: Mapped[int] = mapped_column(Id, ForeignKey("list_imports.id"))
    brought_as: Mapped[str] = mapped_column(String(8))
    request_id: Mapped[int | None] = mapped_column(Id)
    sealed_form: Mapped[bytes | None] = mapped_column(LargeBinary)
    ask_from: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]

    @classmethod
    def known_among(cls, session: Session, address_hashes: Iterable[bytes]) -> set[bytes]:
        """Return those of these addresses that an import has brought before."""
        return set(session.scalars(select(cls.address_hash).where(cls.address_hash.in_([*address_hashes]))))

    @classmethod
    def hold_waiting(cls, session: Session, now: datetime) -> bool:
        """Return whether anybody is to be asked now; if so, other clocks wait until this transaction has asked."""
        waiting = select(cls.address_hash).where(cls.sealed_form.is_not(None), cls.ask_from <= now)
        if not session.scalar(select(waiting.exists())):
            return False
        session.execute(select(ListImport.id).order_by(ListImport.id).with_for_update())
        return True

    @classmethod
    def count_asked_since(cls, session: Session, since: datetime) -> int:
        """Return how many people of all imports were asked since an instant."""
        return session.scalar(select(func.count()).where(cls.asked_at > since)) or 0

    @classmethod
    def lock_waiting(cls, session: Session, now: datetime, limit: int) -> list[BroughtPerson]:
        """Return, locked, up to `limit` people who are to be asked now; those locked by another clock are left out."""
        query = select(cls).where(cls.sealed_form.is_not(None), cls.ask_from <= now).order_by(cls.ask_from).limit(limit)
        return [*session.scalars(query.with_for_update(skip_locked=True))]

    @classmethod
    def of_import(cls, session: Session, import_id: int) -> list[BroughtPerson]:
        """Return, locked, everybody whom an import brought."""
        return [*session.scalars(select(cls).where(cls.import_id == import_id).with_for_update())]

    @classmethod
    def was_mailed(cls, session: Session, import_id: int) -> bool:
        """Return whether anybody of an import was asked, or owed any email."""
        mine = select(cls.address_hash).where(cls.import_id == import_id)
        asked = select(mine.where(cls.asked_at.is_not(None)).exists())
        has_delivery = exists().where(Delivery.subscriber_id == Subscriber.id)
        owed = select(
            select(Subscriber.id)
            .join(cls, cls.address_hash == Subscriber.address_hash)
            .where(cls.import_id == import_id, cls.brought_as == BroughtAs.ACTIVE, has_delivery)
            .exists()
        )
        return bool(session.scalar(asked)) or bool(session.scalar(owed))

    @classmethod
    def forget_import(cls, session: Session, import_id: int) -> None:
        """Delete the people whom an import made active, and the record of whom it brought."""
        active = select(cls.address_hash).where(cls.import_id == import_id, cls.brought_as == BroughtAs.ACTIVE)
        session.execute(delete(Subscriber).where(Subscriber.address_hash.in_(active)))
        session.execute(delete(cls).where(cls.import_id == import_id))
