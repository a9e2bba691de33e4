"""The table of journal entries: a person's sealed words for one local date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    and_,
    case,
    delete,
    extract,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.journal_export.book_period import BookPeriod
from service.db import Base, Id, random_id
from service.models.people.journal.entry_rows import DigestRow, SearchRow, TagRow, execute_for_rows

DELETED = "deleted_at IS NOT NULL"
IMPORTED = "import"  # the source of entries that came in a file
_ROWS = 500


class Entry(Base):
    """The words of one reply, or of one page that a person wrote."""

    __tablename__ = "entries"
    __table_args__ = (
        # With `deleted_at`, so that finding days and months reads the index alone, and no words.
        Index("ix_entries_subscriber_id_written_on_deleted_at", "subscriber_id", "written_on", "deleted_at"),
        Index("ix_entries_deleted_at", "deleted_at", postgresql_where=text(DELETED), sqlite_where=text(DELETED)),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    written_on: Mapped[date]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    prompt_id: Mapped[str | None] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(8))
    sealed_words: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_trimmed: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_over: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_tags: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_kept_out: Mapped[bool] = mapped_column(default=False)
    # When its owner deleted it; from then on no query here returns it but those that say so.
    deleted_at: Mapped[datetime | None]

    @classmethod
    def is_there(cls) -> ColumnElement[bool]:
        """Return the condition that an entry is not deleted."""
        return cls.deleted_at.is_(None)

    @classmethod
    def _theirs(cls, subscriber_id: int) -> ColumnElement[bool]:
        return and_(cls.subscriber_id == subscriber_id, cls.is_there())

    @classmethod
    def find_deleted(cls, session: Session, subscriber_id: int, entry_id: int) -> Entry | None:
        """Return an entry of this person that is deleted and may still be put back, or None."""
        query = select(cls).where(cls.id == entry_id, cls.subscriber_id == subscriber_id, ~cls.is_there())
        return session.scalar(query)

    @classmethod
    def deleted_after(cls, session: Session, subscriber_id: int, after: datetime) -> Sequence[Entry]:
        """Return this person's entries that were deleted after an instant, the one that was deleted last first."""
        query = select(cls).where(cls.subscriber_id == subscriber_id, cls.deleted_at > after)
        return session.scalars(query.order_by(cls.deleted_at.desc(), cls.id)).all()

    @classmethod
    def find(cls, session: Session, subscriber_id: int, entry_id: int) -> Entry | None:
        """Return one entry of this person, or None; never another person's."""
        return session.scalar(select(cls).where(cls.id == entry_id, cls._theirs(subscriber_id)))

    @classmethod
    def between(cls, session: Session, subscriber_id: int, first: date, last: date) -> Sequence[Entry]:
        """Return a person's entries from the first to the last of these local dates, in the order they were written."""
        return session.scalars(
            select(cls)
            .where(cls._theirs(subscriber_id), cls.written_on.between(first, last))
            .order_by(cls.written_on, cls.created_at, cls.id)
        ).all()

    @classmethod
    def oldest_first(
        cls, session: Session, subscriber_id: int, period: BookPeriod, *, after: Entry | None, limit: int
    ) -> Sequence[Entry]:
        """Return a person's oldest entries of a period, or the next ones after `after`, up to `limit` of them."""
        place = (cls.written_on, cls.created_at, cls.id)
        query = select(cls).where(cls._theirs(subscriber_id), cls.written_on.between(period.first, period.last))
        if after is not None:
            query = query.where(tuple_(*place) > tuple_(after.written_on, after.created_at, after.id))
        return session.scalars(query.order_by(*place).limit(limit)).all()

    @classmethod
    def for_digests(cls, session: Session, subscriber_id: int, first: date, last: date) -> list[DigestRow]:
        """Return what a digest needs of the entries of these local dates, in the order they were written.

        Imported entries that the person does not want in their digests are left out.
        """
        query = select(cls.id, cls.written_on, cls.prompt_id, cls.source, cls.is_kept_out, cls.sealed_words)
        query = query.where(cls._theirs(subscriber_id), cls.written_on.between(first, last), cls._is_for_digests())
        rows = execute_for_rows(session, query.order_by(cls.written_on, cls.created_at, cls.id))
        return [*map(DigestRow._make, rows)]

    @classmethod
    def _is_for_digests(cls) -> ColumnElement[bool]:
        return or_(cls.source != IMPORTED, ~cls.is_kept_out)

    @classmethod
    def newest_first(
        cls,
        session: Session,
        subscriber_id: int,
        first: date,
        last: date,
        *,
        before: Entry | None = None,
        with_tags: bool = False,
    ) -> Iterator[SearchRow]:
        """Yield what a search needs of the entries of these local dates, newest first and older than `before`.

        With `with_tags` those are left out that are known to have none.
        Rows are fetched a few hundred at a time, so that a search that stops early reads no more than it needs.
        """
        place = (cls.written_on, cls.created_at, cls.id)
        query = select(cls.id, cls.written_on, cls.prompt_id, cls.sealed_words, cls.sealed_over, cls.sealed_tags)
        query = query.where(cls._theirs(subscriber_id), cls.written_on.between(first, last))
        if with_tags:
            query = query.where(cls._may_have_tags())
        if before is not None:
            query = query.where(tuple_(*place) < tuple_(before.written_on, before.created_at, before.id))
        query = query.order_by(*(column.desc() for column in place)).execution_options(yield_per=_ROWS)
        with execute_for_rows(session, query) as rows:
            yield from map(SearchRow._make, rows)

    @classmethod
    def tag_rows(cls, session: Session, subscriber_id: int) -> Iterator[TagRow]:
        """Yield what says the tags of each of this person's entries that has or may have any, newest first."""
        words = case((cls.sealed_tags.is_(None), cls.sealed_words), else_=b"")
        query = select(cls.id, cls.sealed_tags, words).where(cls._theirs(subscriber_id), cls._may_have_tags())
        place = (cls.written_on.desc(), cls.created_at.desc(), cls.id)
        yield from map(TagRow._make, execute_for_rows(session, query.order_by(*place)))

    @classmethod
    def _may_have_tags(cls) -> ColumnElement[bool]:
        return or_(cls.sealed_tags.is_(None), cls.sealed_tags != b"")

    @classmethod
    def store_tags(cls, session: Session, sealed: Mapping[int, bytes]) -> None:
        """Store the sealed tags of these entries, by id."""
        if sealed:
            session.execute(update(cls), [{"id": id_, "sealed_tags": tags} for id_, tags in sealed.items()])

    @classmethod
    def newest_from(cls, session: Session, subscriber_id: int, source: str, since: datetime) -> Entry | None:
        """Return this person's newest entry from a source since an instant, or None."""
        return next(iter(cls.list_newest_from(session, subscriber_id, source, since, limit=1)), None)

    @classmethod
    def list_newest_from(
        cls, session: Session, subscriber_id: int, source: str, since: datetime, limit: int
    ) -> Sequence[Entry]:
        """Return this person's newest entries from a source since an instant, the newest first."""
        query = select(cls).where(cls._theirs(subscriber_id), cls.source == source, cls.created_at >= since)
        return session.scalars(query.order_by(cls.created_at.desc(), cls.id.desc()).limit(limit)).all()

    @classmethod
    def not_kept_out_on(cls, session: Session, subscriber_id: int, days: Sequence[date]) -> Sequence[Entry]:
        """Return a person's entries of these local dates, without those that they kept out."""
        query = select(cls).where(cls._theirs(subscriber_id), cls.written_on.in_(days), ~cls.is_kept_out)
        return session.scalars(query).all()

    @classmethod
    def written_days(cls, session: Session, subscriber_id: int, first: date, last: date) -> Sequence[date]:
        """Return the local dates between these two on which a person wrote."""
        query = select(cls.written_on).where(cls._theirs(subscriber_id), cls.written_on.between(first, last))
        return session.scalars(query.distinct()).all()

    @classmethod
    def nearest_days(cls, session: Session, subscriber_id: int, day: date) -> tuple[date | None, date | None]:
        """Return the last local date before a day on which a person wrote, and the first one after it."""
        days = select(cls.written_on).where(cls._theirs(subscriber_id)).limit(1)
        before = session.scalar(days.where(cls.written_on < day).order_by(cls.written_on.desc()))
        after = session.scalar(days.where(cls.written_on > day).order_by(cls.written_on))
        return before, after

    @classmethod
    def answers(cls, session: Session, subscriber_id: int, prompt_id: str) -> bool:
        """Return whether a person has an entry that answers this question, also one that they may still put back."""
        query = select(cls.id).where(cls.subscriber_id == subscriber_id, cls.prompt_id == prompt_id)
        return session.scalar(query.limit(1)) is not None

    @classmethod
    def months(cls, session: Session, subscriber_id: int) -> list[date]:
        """Return the first day of every month in which a person wrote, newest first."""
        parts = extract("year", cls.written_on), extract("month", cls.written_on)
        found = session.execute(select(*parts).where(cls._theirs(subscriber_id)).distinct())
        return sorted((date(int(year), int(month), 1) for year, month in found), reverse=True)

    @classmethod
    def writers_between(cls, session: Session, ids: Sequence[int], first: date, last: date) -> set[int]:
        """Return which of these people have anything for their digests between these local dates."""
        return set(
            session.scalars(
                select(cls.subscriber_id)
                .where(
                    cls.subscriber_id.in_(ids),
                    cls.is_there(),
                    cls.written_on.between(first, last),
                    cls._is_for_digests(),
                )
                .distinct()
            )
        )

    @classmethod
    def writers_in_months(cls, session: Session, ids: Sequence[int], first: date, last: date, fewest: int) -> set[int]:
        """Return which of these people wrote in at least `fewest` months of a year."""
        months = func.count(func.distinct(extract("month", cls.written_on)))
        query = select(cls.subscriber_id).where(
            cls.subscriber_id.in_(ids), cls.is_there(), cls.written_on.between(first, last), cls._is_for_digests()
        )
        return set(session.scalars(query.group_by(cls.subscriber_id).having(months >= fewest)))

    @classmethod
    def count_for(cls, session: Session, subscriber_id: int) -> int:
        """Return how many entries a person has (for the first receipt, never for a page)."""
        return session.scalar(select(func.count()).where(cls._theirs(subscriber_id))) or 0

    @classmethod
    def written_since(cls, session: Session, subscriber_id: int, source: str, since: datetime) -> tuple[int, int]:
        """Return how many entries came from a source since an instant, and how many sealed bytes their words take."""
        length = func.coalesce(func.sum(func.length(cls.sealed_words)), 0)
        query = select(func.count(), length).where(
            cls._theirs(subscriber_id), cls.source == source, cls.created_at >= since
        )
        count, size = session.execute(query).one()
        return count, size

    @classmethod
    def remove(cls, session: Session, subscriber_id: int, entry_id: int) -> bool:
        """Delete one entry of this person; return whether it was there."""
        result = session.execute(
            delete(cls).where(cls.id == entry_id, cls.subscriber_id == subscriber_id).returning(cls.id)
        )
        return result.first() is not None
