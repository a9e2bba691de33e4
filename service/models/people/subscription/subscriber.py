"""The table of subscribers: their address, when we write to them, and what they have received."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    Index,
    LargeBinary,
    Select,
    SmallInteger,
    String,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, column_property, mapped_column, undefer

from service.core.settings.consent import Stream
from service.core.settings.schedule import Days, Schedule, instant, next_month_slot, next_slot
from service.db import Base, Id, insert_into, random_id
from service.models.people.settings.own_question import OwnQuestion
from service.models.people.settings.question_wish import QuestionWish
from service.models.people.settings.quiet_date import QuietDate
from service.models.people.subscription.data_key import WrappedDataKey
from service.models.people.subscription.subscriber_status import SubscriberStatus

MINUTES_AN_HOUR = 60


class Subscriber(Base):
    """One person; the address is sealed under their own key and found by its keyed hash."""

    __tablename__ = "subscribers"
    __table_args__ = (
        # On SQLite a trigger refuses the same writes (revision 0008).
        CheckConstraint(
            "status IN ('active', 'resting') OR (next_prompt_at IS NULL AND next_digest_at IS NULL)", name="due_times"
        ),
        Index("ix_subscribers_next_prompt_at", "next_prompt_at", postgresql_where=text("next_prompt_at IS NOT NULL")),
        Index("ix_subscribers_next_digest_at", "next_digest_at", postgresql_where=text("next_digest_at IS NOT NULL")),
        Index("ix_subscribers_status_created_at", "status", "created_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sealed_address: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(8), default=SubscriberStatus.PENDING)
    locale: Mapped[str] = mapped_column(String(12), default="en-GB")
    days_mask: Mapped[int] = mapped_column(SmallInteger)
    send_minute: Mapped[int] = mapped_column(SmallInteger)
    time_zone: Mapped[str] = mapped_column(String(64))
    usual_days_mask: Mapped[int | None] = mapped_column(SmallInteger)
    next_prompt_at: Mapped[datetime | None]
    next_digest_at: Mapped[datetime | None]
    resting_until_on: Mapped[date | None]
    history: Mapped[str] = mapped_column(Text, default="")
    prompts_sent: Mapped[int] = mapped_column(SmallInteger, default=0)
    prompts_answered: Mapped[int] = mapped_column(SmallInteger, default=0)
    last_answered_on: Mapped[date | None]
    unanswered: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))
    slow_down_stage: Mapped[str | None] = mapped_column(String(8))
    muted_themes: Mapped[list[str]] = mapped_column(JSON, default=list)
    wants_questions: Mapped[bool] = mapped_column(default=True, server_default=true())
    wants_letters: Mapped[bool] = mapped_column(default=False, server_default=false())
    letters_confirmed_at: Mapped[datetime | None]
    wants_digest: Mapped[bool] = mapped_column(default=True)
    wants_look_backs: Mapped[bool] = mapped_column(default=True, server_default=true())
    wants_thread: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_discreet: Mapped[bool] = mapped_column(default=False)
    help_country: Mapped[str] = mapped_column(String(2), default="")
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    # Read with each row, from its own table; a subquery, since a row that is locked cannot be read with an outer join.
    wrapped_key: Mapped[bytes | None] = column_property(
        select(WrappedDataKey.wrapped).where(WrappedDataKey.subscriber_id == id).scalar_subquery(),  # noqa: A003 - our column
        expire_on_flush=False,  # a person stays usable after the transaction that changed them
    )
    has_quiet_dates: Mapped[bool] = column_property(
        exists().where(QuietDate.subscriber_id == id).correlate_except(QuietDate),  # noqa: A003 - our column
        expire_on_flush=False,
    )
    # Own questions and wishes about single ones; planning alone reads it.
    has_personal_questions: Mapped[bool] = column_property(
        exists().where(OwnQuestion.subscriber_id == id, ~OwnQuestion.is_removed).correlate_except(OwnQuestion)  # noqa: A003 - our column
        | exists().where(QuestionWish.subscriber_id == id).correlate_except(QuestionWish),  # noqa: A003 - our column
        deferred=True,
    )

    @property
    def schedule(self) -> Schedule:
        """Return the days, time and zone this person chose."""
        return Schedule(Days(self.days_mask), self.send_time, self.zone)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Return what they get while they are active; nobody who has stopped gets any of it."""
        return Stream.wanted(questions=self.wants_questions, letters=self.wants_letters)

    @property
    def send_time(self) -> time:
        """Return the local time of day of their emails."""
        return time(*divmod(self.send_minute, MINUTES_AN_HOUR))

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone this person chose."""
        return ZoneInfo(self.time_zone)

    def set_schedule(self, schedule: Schedule) -> None:
        """Store a schedule; the caller sets the next times."""
        self.days_mask = schedule.days.mask
        self.send_minute = schedule.at.hour * MINUTES_AN_HOUR + schedule.at.minute
        self.time_zone = schedule.zone.key

    def schedule_next(self, after: datetime, *, not_on: date | None = None) -> None:
        """Set the next times from status, schedule and rest, all later than `after` (aware).

        `not_on` is a local date on which no more prompt may be sent, since one was sent already. Somebody who wants
        no questions is still due at the end of a rest, so that it ends; no prompt is planned for them then.
        """
        self.next_prompt_at = self._first_prompt_at(after, not_on)
        wants_digest = self.status in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}
        self.next_digest_at = next_month_slot(self.schedule, after).at if wants_digest else None

    def _first_prompt_at(self, after: datetime, not_on: date | None) -> datetime | None:
        if self.status == SubscriberStatus.ACTIVE and self.wants_questions:
            earliest = None if not_on is None else not_on + timedelta(days=1)
        elif self.status == SubscriberStatus.RESTING and self.resting_until_on is not None:
            earliest = self.resting_until_on
        else:
            return None
        if earliest is not None and not self.wants_questions:
            return max(after, instant(earliest, time.min, self.zone))
        if earliest is not None:
            just_before = instant(earliest, time.min, self.zone) - timedelta(microseconds=1)
            after = max(after, just_before)
        return next_slot(self.schedule, after).at

    @classmethod
    def with_address(cls, session: Session, address_hash: bytes) -> Subscriber | None:
        """Return the person with this address hash, or None."""
        return session.scalar(select(cls).where(cls.address_hash == address_hash))

    @classmethod
    def with_addresses(cls, session: Session, address_hashes: Iterable[bytes]) -> dict[bytes, Subscriber]:
        """Return the people with these address hashes, by hash."""
        query = select(cls).where(cls.address_hash.in_([*address_hashes]))
        return {person.address_hash: person for person in session.scalars(query)}

    @classmethod
    def is_confirmed(cls, address_hash: bytes) -> Select[int]:
        """Return the condition that somebody with this address has ever confirmed it."""
        return select(cls.id).where(cls.address_hash == address_hash, cls.status != SubscriberStatus.PENDING)

    @classmethod
    def may_get_letters(
        cls, confirmed_before: datetime | InstrumentedAttribute[datetime | None]
    ) -> ColumnElement[bool]:
        """Return the condition that somebody gets a letter: active, and letters confirmed before an instant.

        Suppressions are another condition, of whoever sends.
        """
        return and_(
            cls.status == SubscriberStatus.ACTIVE, cls.wants_letters, cls.letters_confirmed_at < confirmed_before
        )

    @classmethod
    def confirmed_with_address(cls, session: Session, address_hash: bytes) -> Subscriber | None:
        """Return the person with this address hash who has confirmed it, or None."""
        person = cls.with_address(session, address_hash)
        return person if person and person.status != SubscriberStatus.PENDING else None

    @classmethod
    def add(cls, session: Session, person: Subscriber, wrapped: bytes) -> None:
        """Write a new person and their wrapped data key."""
        session.add(person)
        session.flush()
        WrappedDataKey.add(session, person.id, wrapped)
        session.refresh(person, ["wrapped_key", "has_quiet_dates"])

    @classmethod
    def get_or_create(cls, session: Session, person: dict[str, object], wrapped: bytes) -> Subscriber:
        """Return, locked, the person with this address hash; if there is none, a new one with these columns and key."""
        insert = insert_into(session, cls).values(person).on_conflict_do_nothing(index_elements=["address_hash"])
        if (added := session.scalar(insert.returning(cls.id))) is not None:
            WrappedDataKey.add(session, added, wrapped)
        found = session.scalar(select(cls).where(cls.address_hash == person["address_hash"]).with_for_update())
        return found or cls.get_or_create(session, person, wrapped)  # whoever had the address has just moved from it

    @classmethod
    def locked(cls, session: Session, subscriber_id: int) -> Subscriber | None:
        """Return one person's current row, locked until the end of the transaction, or None."""
        query = select(cls).where(cls.id == subscriber_id).with_for_update()
        return session.scalar(query.execution_options(populate_existing=True))

    @classmethod
    def count_by_status(cls, session: Session) -> dict[str, tuple[int, int, int]]:
        """Return, by status, how many people there are, and how many of them want questions and letters."""
        wanted = (func.sum(case((column, 1), else_=0)) for column in (cls.wants_questions, cls.wants_letters))
        query = select(cls.status, func.count(), *wanted).group_by(cls.status)
        return {row[0]: (row[1], row[2], row[3]) for row in session.execute(query)}

    @classmethod
    def by_ids(cls, session: Session, ids: Iterable[int]) -> dict[int, Subscriber]:
        """Return these people by id."""
        return {s.id: s for s in session.scalars(select(cls).where(cls.id.in_(list(ids))))}

    @classmethod
    def after(cls, session: Session, subscriber_id: int, limit: int) -> Sequence[Subscriber]:
        """Return up to `limit` subscribers with ids greater than this one, in the order of their ids."""
        return session.scalars(select(cls).where(cls.id > subscriber_id).order_by(cls.id).limit(limit)).all()

    @classmethod
    def due_for_prompt(cls, session: Session, now: datetime, limit: int) -> Sequence[Subscriber]:
        """Return, locked, up to `limit` people whose prompt is due; those locked by another clock are left out.

        People whose digest is due as well are left out until it is planned, since it may replace the prompt.
        """
        digest_is_planned = or_(cls.next_digest_at.is_(None), cls.next_digest_at > now)
        return cls._due(session, cls.next_prompt_at, now, limit, digest_is_planned)

    @classmethod
    def due_for_digest(cls, session: Session, now: datetime, limit: int) -> Sequence[Subscriber]:
        """Return, locked, up to `limit` people whose digest is due; those locked by another clock are left out."""
        return cls._due(session, cls.next_digest_at, now, limit)

    @classmethod
    def _due(
        cls,
        session: Session,
        when: InstrumentedAttribute[datetime | None],
        now: datetime,
        limit: int,
        *also: ColumnElement[bool],
    ) -> Sequence[Subscriber]:
        # Planning makes a person active, so nobody who stopped may be among these, whatever their due time says.
        # `coalesce` keeps SQLite from reading everybody by the index of their status instead of those due by `when`.
        may_get_emails = func.coalesce(cls.status, None).in_((SubscriberStatus.ACTIVE, SubscriberStatus.RESTING))
        query = select(cls).options(undefer(cls.has_personal_questions)).where(when <= now, may_get_emails, *also)
        return session.scalars(query.order_by(when).limit(limit).with_for_update(skip_locked=True)).all()

    @classmethod
    def update_many(cls, session: Session, rows: Sequence[dict[str, object]]) -> None:
        """Update many rows in one statement; each dict has `row_id` and the same columns as the others."""
        if rows:
            columns: dict[str, object] = {name: bindparam(name) for name in rows[0] if name != "row_id"}
            table = cls.__table__
            session.connection().execute(
                update(cls)
                .where(table.c.id == bindparam("row_id"))
                .values(columns)
                .execution_options(synchronize_session=None),
                list(rows),
            )

    @classmethod
    def lock_all(cls, session: Session, ids: Iterable[int]) -> None:
        """Lock these people's rows in the order of their ids, so that two callers cannot deadlock."""
        if wanted := list(ids):
            query = select(cls.id).where(cls.id.in_(wanted)).order_by(cls.id)
            session.execute(query.with_for_update(key_share=True))

    @classmethod
    def count_unanswered(cls, session: Session, ids: Iterable[int]) -> None:
        """Add 1 to each of these people's unanswered questions; anything they do sets the number to 0."""
        if wanted := list(ids):
            query = update(cls).where(cls.id.in_(wanted)).values(unanswered=cls.unanswered + 1)
            session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def uncount_unanswered(cls, session: Session, subscriber_id: int) -> None:
        """Take back one question from the count of unanswered ones, since it never reached this person."""
        query = update(cls).where(cls.id == subscriber_id, cls.unanswered > 0).values(unanswered=cls.unanswered - 1)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def delete_unconfirmed(cls, session: Session, before: datetime) -> int:
        """Delete people who signed up before an instant and never confirmed; return how many."""
        query = delete(cls).where(cls.status == SubscriberStatus.PENDING, cls.created_at < before).returning(cls.id)
        return len(session.scalars(query.execution_options(synchronize_session=False)).all())


PENDING_KEPT = timedelta(days=7)
