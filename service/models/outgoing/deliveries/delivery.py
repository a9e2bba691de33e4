"""The table of deliveries: one row for each email that is owed, from the plan to the provider's acceptance.

How a row passes from one state to the next is in `delivery_claims`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    TextClause,
    UniqueConstraint,
    and_,
    delete,
    false,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, insert_into, random_id
from service.models.outgoing.deliveries.delivery_kind import DeliveryKind
from service.models.outgoing.deliveries.delivery_state import DeliveryClaim, DeliveryState
from service.models.outgoing.deliveries.new_delivery import NewDelivery
from service.models.people.journal.entry import IMPORTED, Entry
from service.models.people.subscription.subscriber import Subscriber
from service.models.unqueued import find_unqueued

# The conditions of partial indexes. A query names one word for word, since SQLite uses the index only then.
OPEN = "state IN ('planned', 'claimed', 'unknown')"
LETTERS = "kind = 'letter'"
DROPPED = "month > 0 AND kind NOT IN ('digest', 'year', 'quiet_month')"
ROWS_AN_INSERT = 1000
_MOST_ANSWERS = 301  # three days of as many automatic replies as there may be, and a receipt


class Delivery(Base):
    """One email owed to one subscriber; unique on (subscriber, kind, slot), with the month as partition key."""

    __tablename__ = "deliveries"
    __table_args__ = (
        PrimaryKeyConstraint("id", "month"),
        UniqueConstraint("subscriber_id", "kind", "slot", "month"),
        Index(
            "ix_deliveries_open",
            "state",
            "ready_at",
            postgresql_where=text(OPEN),
            sqlite_where=text(OPEN),
        ),
        Index("ix_deliveries_dropped", "month", postgresql_where=text(DROPPED), sqlite_where=text(DROPPED)),
        Index("ix_deliveries_letter", "reference", postgresql_where=text(LETTERS), sqlite_where=text(LETTERS)),
    )

    id: Mapped[int] = mapped_column(BigInteger, default=random_id)
    month: Mapped[int] = mapped_column(Integer)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    slot: Mapped[str] = mapped_column(String(48))
    state: Mapped[str] = mapped_column(String(8), default=DeliveryState.PLANNED)
    attempt: Mapped[int] = mapped_column(SmallInteger, default=0)
    ready_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    enqueued_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    # True from the claim until just before the request: a worker that ends meanwhile has sent nothing. The
    # default is the careful one, so that a claim by an earlier version counts as handed over.
    is_withheld: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    # When it was last handed over, when the provider's record was last asked about it, and how often it was sent
    # once more without waiting for that record.
    called_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    repeats: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    planned_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    prompt_id: Mapped[str | None] = mapped_column(String(64))
    reference: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[str | None] = mapped_column(String(32))
    # How a letter's email ended, as the provider's events say: see `letters/letter_outcomes`.
    outcome: Mapped[str | None] = mapped_column(String(24))
    provider_id: Mapped[str | None] = mapped_column(String(255))
    sent_text: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    sealed_content: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason: Mapped[str | None] = mapped_column(String(64))

    @property
    def on(self) -> date:
        """Return the local date that the slot begins with; that of a month or of a year names its first day."""
        day = self.slot.partition("/")[0]
        return date.fromisoformat(day + "yyyy-01-01"[len(day) :])

    @classmethod
    def plan(cls, session: Session, deliveries: Sequence[NewDelivery]) -> list[int]:
        """Insert planned deliveries, leaving out those whose slot is taken; return the ids of the new rows."""
        made: list[int] = []
        for start in range(0, len(deliveries), ROWS_AN_INSERT):
            part = [delivery.as_row() for delivery in deliveries[start : start + ROWS_AN_INSERT]]
            # The ids are ours, so what was inserted is asked for afterwards: a statement of a thousand rows would
            # cost more to compile than to run.
            session.connection().execute(insert_into(session, cls).on_conflict_do_nothing(), part)
            made += session.scalars(select(cls.id).where(cls.id.in_([row["id"] for row in part])))
        return made

    @classmethod
    def with_subscribers(cls, session: Session, claims: Iterable[DeliveryClaim]) -> list[tuple[Delivery, Subscriber]]:
        """Return claimed deliveries with their people, in the order of planning."""
        ids = [claim.id for claim in claims]
        query = select(cls, Subscriber).join(Subscriber, Subscriber.id == cls.subscriber_id).where(cls.id.in_(ids))
        return [(delivery, person) for delivery, person in session.execute(query.order_by(cls.planned_at, cls.id))]

    @classmethod
    def find_unqueued(cls, session: Session, now: datetime, patience: timedelta, limit: int) -> list[int]:
        """Return ids that are ready and were not enqueued within `patience`, and mark them as enqueued."""
        return find_unqueued(
            session,
            cls,
            and_(
                cls.is_open(),
                cls.state == DeliveryState.PLANNED,
                cls.ready_at <= now,
                cls.kind != DeliveryKind.LETTER,  # these have a sweep of their own, so that nothing waits for them
            ),
            cls.ready_at,
            now=now,
            patience=patience,
            limit=limit,
        )

    @classmethod
    def find(cls, session: Session, subscriber_id: int, kind: DeliveryKind, slot: str) -> Delivery | None:
        """Return the delivery of a slot, or None."""
        return session.scalar(select(cls).where(cls.subscriber_id == subscriber_id, cls.kind == kind, cls.slot == slot))

    @classmethod
    def find_prompt(cls, session: Session, subscriber_id: int, on: date, prompt_id: str) -> Delivery | None:
        """Return the delivery that asked a person this prompt on a local date, by itself or asked for, or None."""
        slots = or_(cls.slot == on.isoformat(), cls.slot.startswith(f"{on.isoformat()}/"))
        kinds = cls.kind.in_((DeliveryKind.PROMPT, DeliveryKind.ANOTHER, DeliveryKind.WELCOME))
        query = select(cls).where(cls.subscriber_id == subscriber_id, kinds, slots, cls.prompt_id == prompt_id)
        return session.scalars(query.order_by(cls.planned_at)).first()

    @classmethod
    def find_by_id(cls, session: Session, subscriber_id: int, delivery_id: int) -> Delivery | None:
        """Return one delivery of this person, or None; nobody else's is ever found."""
        return session.scalar(select(cls).where(cls.id == delivery_id, cls.subscriber_id == subscriber_id))

    @classmethod
    def newest_about(
        cls,
        session: Session,
        subscriber_id: int,
        kind: DeliveryKind,
        reference: int | None = None,
        detail: str | None = None,
    ) -> Delivery | None:
        """Return a person's newest delivery of a kind, or the newest about one thing or of one detail, or None."""
        query = select(cls).where(cls.subscriber_id == subscriber_id, cls.kind == kind)
        if reference is not None:
            query = query.where(cls.reference == reference)
        if detail is not None:
            query = query.where(cls.detail == detail)
        return session.scalars(query.order_by(cls.planned_at.desc()).limit(1)).first()

    @classmethod
    def newest_question(cls, session: Session, subscriber_id: int) -> Delivery | None:
        """Return the delivery of the last question that was sent to a person, or None."""
        query = select(cls).where(
            cls.subscriber_id == subscriber_id,
            cls.kind.in_((DeliveryKind.PROMPT, DeliveryKind.WELCOME)),
            cls.state == DeliveryState.SENT,
        )
        return session.scalar(query.order_by(cls.sent_at.desc()).limit(1))

    @classmethod
    def times_between(
        cls,
        session: Session,
        subscriber_ids: Sequence[int],
        kinds: Sequence[DeliveryKind],
        first: datetime,
        last: datetime,
    ) -> list[tuple[int, datetime]]:
        """Return (subscriber id, instant) for each email of these kinds that goes or went between two instants."""
        at = func.coalesce(cls.sent_at, cls.ready_at)
        query = select(cls.subscriber_id, cls.sent_at, cls.ready_at).where(
            cls.subscriber_id.in_(subscriber_ids),
            cls.kind.in_(kinds),
            cls.state != DeliveryState.SKIPPED,
            at >= first,
            at <= last,
        )
        return [(row.subscriber_id, row.sent_at or row.ready_at) for row in session.execute(query)]

    @classmethod
    def sent_between(
        cls, session: Session, subscriber_id: int, kinds: Sequence[DeliveryKind], first: date, last: date
    ) -> list[Delivery]:
        """Return a person's deliveries of these kinds that were planned on these days (UTC), the newest first."""
        start = datetime.combine(first, time(), tzinfo=UTC)
        end = datetime.combine(last + timedelta(days=1), time(), tzinfo=UTC)
        query = select(cls).where(
            cls.subscriber_id == subscriber_id,
            cls.kind.in_(kinds),
            cls.planned_at >= start,
            cls.planned_at < end,
            cls.state != DeliveryState.SKIPPED,
        )
        return list(session.scalars(query.order_by(cls.planned_at.desc(), cls.id).limit(_MOST_ANSWERS)))

    @classmethod
    def note_enqueued(cls, session: Session, ids: Sequence[int], at: datetime) -> None:
        """Note that somebody sees to these deliveries, so that the sweep leaves them alone for a while."""
        query = update(cls).where(cls.id.in_(ids)).values(enqueued_at=at)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def count_since(
        cls, session: Session, subscriber_id: int, kind: DeliveryKind, since: datetime, detail: str | None = None
    ) -> int:
        """Return how many emails of a kind, or of a case of it, were planned for a person after an instant."""
        query = select(func.count()).where(cls.subscriber_id == subscriber_id, cls.kind == kind, cls.planned_at > since)
        return session.scalar(query if detail is None else query.where(cls.detail == detail)) or 0

    @classmethod
    def drop_content(cls, session: Session, subscriber_id: int, kind: DeliveryKind, detail: str) -> None:
        """Delete what is sealed with a person's emails of a case of a kind."""
        query = update(cls).where(cls.subscriber_id == subscriber_id, cls.kind == kind, cls.detail == detail)
        session.execute(query.values(sealed_content=None).execution_options(synchronize_session="fetch"))

    @classmethod
    def subscribers_with(
        cls, session: Session, ids: Sequence[int], kinds: Sequence[DeliveryKind], slot: str
    ) -> set[int]:
        """Return which of these people have a delivery of these kinds in a slot, skipped ones apart."""
        return set(
            session.scalars(
                select(cls.subscriber_id).where(
                    cls.subscriber_id.in_(ids),
                    cls.kind.in_(kinds),
                    cls.slot == slot,
                    cls.state != DeliveryState.SKIPPED,
                )
            )
        )

    @classmethod
    def subscribers_already_quiet(cls, session: Session, ids: Sequence[int]) -> set[int]:
        """Return which of these people had a quiet month's question and have written nothing since."""
        wrote_since = select(Entry.id).where(
            Entry.subscriber_id == cls.subscriber_id,
            Entry.created_at > cls.planned_at,
            Entry.source != IMPORTED,
            Entry.is_there(),
        )
        query = select(cls.subscriber_id).where(
            cls.subscriber_id.in_(ids),
            cls.kind == DeliveryKind.QUIET_MONTH,
            cls.state != DeliveryState.SKIPPED,
            ~wrote_since.exists(),
        )
        return set(session.scalars(query))

    @classmethod
    def is_open(cls) -> TextClause:
        """Return the condition that a delivery is planned, claimed or unknown, by which few rows are looked at."""
        return text(OPEN)

    @classmethod
    def open_by_state(cls, session: Session) -> dict[str, tuple[int, datetime]]:
        """Return how many deliveries are in each open state, and when the oldest of them became ready."""
        query = select(cls.state, func.count(), func.min(cls.ready_at)).where(cls.is_open())
        return {row[0]: (row[1], row[2]) for row in session.execute(query.group_by(cls.state))}

    @classmethod
    def drop_before(cls, session: Session, month: int, limit: int) -> int:
        """Delete up to `limit` deliveries of the months before one (yyyymm), and return how many; see `DROPPED`."""
        done = cls.state.not_in((DeliveryState.PLANNED, DeliveryState.CLAIMED))
        old = select(cls.id).where(text(DROPPED), cls.month < month, done).order_by(cls.month).limit(limit)
        ids = [*session.scalars(old.with_for_update(skip_locked=True))]
        session.execute(delete(cls).where(cls.id.in_(ids)).execution_options(synchronize_session=False))
        return len(ids)
