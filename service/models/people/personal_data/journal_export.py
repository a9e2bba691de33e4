"""The table of exports: each journal that a person takes away as one file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, SmallInteger, String, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.journal_export.book_period import BookPeriod
from service.db import Base, Id, database_now, random_id
from service.models.unqueued import find_unqueued

MOST_FAILURES = 5  # jobs that ended without a file
_ATTEMPTS = 2**15 - 1  # a small integer counts them, and starts anew


class ExportState(StrEnum):
    """How far an export is; `WAITING` waits for a job."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class ExportForm(StrEnum):
    """What is written: our own zip, Day One's, or a book of a period, which may be a zip with a PDF for each year."""

    OWN = "own"
    DAY_ONE = "day_one"
    PDF = "pdf"
    PDFS = "pdfs"
    EPUB = "epub"

    @property
    def is_book(self) -> bool:
        """Return whether it is a book, which may be of a period."""
        return self.is_printed or self == ExportForm.EPUB

    @property
    def is_printed(self) -> bool:
        """Return whether it needs what sets PDFs."""
        return self in {ExportForm.PDF, ExportForm.PDFS}


class JournalExport(Base):
    """One export, from the request until its file goes at `kept_until`.

    `stored_as` names the sealed file in the object store once it is whole, and `size_bytes` is that of its content.
    `parts_done` of its `parts` are written. A book has the entries from `first_on` to `last_on`; a None is an open end.
    """

    __tablename__ = "journal_exports"
    __table_args__ = (
        Index("ix_journal_exports_subscriber_id", "subscriber_id"),
        Index(
            "ix_journal_exports_waiting",
            "created_at",
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
        Index("ix_journal_exports_kept_until", "kept_until"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    form: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default=ExportState.WAITING)
    stored_as: Mapped[str | None] = mapped_column(String(80))
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    parts_done: Mapped[int] = mapped_column(Integer, default=0)
    parts: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    failures: Mapped[int] = mapped_column(SmallInteger, default=0)
    lease_until: Mapped[datetime | None]
    enqueued_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    kept_until: Mapped[datetime | None]
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]

    @property
    def period(self) -> BookPeriod:
        """Return the local dates whose entries it has."""
        return BookPeriod(self.first_on or date.min, self.last_on or date.max)

    @classmethod
    def find(cls, session: Session, subscriber_id: int, export_id: int) -> JournalExport | None:
        """Return one export of this person, or None; never another person's."""
        return session.scalar(select(cls).where(cls.id == export_id, cls.subscriber_id == subscriber_id))

    @classmethod
    def list_for(cls, session: Session, subscriber_id: int) -> Sequence[JournalExport]:
        """Return a person's exports, the newest first."""
        query = select(cls).where(cls.subscriber_id == subscriber_id)
        return session.scalars(query.order_by(cls.created_at.desc(), cls.id)).all()

    @property
    def object_name(self) -> str:
        """Return the name of the object that this attempt writes; another attempt never writes the same one."""
        return self.name_of_attempt(self.attempts)

    def name_of_attempt(self, attempt: int) -> str:
        """Return the name of the object that an attempt writes or has written."""
        return f"exports/{self.id}.{attempt}"

    @classmethod
    def claim(cls, session: Session, export_id: int, lease: timedelta) -> JournalExport | None:
        """Claim an export that waits for a job, and count the attempt; None if another worker holds it."""
        now = database_now(session)
        query = (
            update(cls)
            .where(
                cls.id == export_id,
                cls.state == ExportState.WAITING,
                or_(cls.lease_until.is_(None), cls.lease_until < now),
            )
            .values(attempts=(cls.attempts + 1) % _ATTEMPTS, failures=cls.failures + 1, lease_until=now + lease)
            .returning(cls.id)
            .execution_options(synchronize_session=False)
        )
        return None if session.scalar(query) is None else session.get_one(cls, export_id)

    @classmethod
    def claimed(cls, session: Session, export_id: int, attempt: int, lease: timedelta) -> JournalExport | None:
        """Return, locked and with its lease renewed, an export that nobody has claimed since this attempt, or None."""
        row = session.scalar(
            select(cls)
            .where(cls.id == export_id, cls.attempts == attempt, cls.state == ExportState.WAITING)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if row is not None:
            row.lease_until = database_now(session) + lease
        return row

    def release(self, now: datetime) -> None:
        """Let another job begin this export anew; this attempt does not count as failed."""
        self.enqueued_at, self.lease_until = now, None
        self.failures, self.parts_done = max(0, self.failures - 1), 0

    def conclude(self, state: ExportState, now: datetime, kept_until: datetime) -> None:
        """Store how this export ended, and until when it is kept."""
        self.state, self.finished_at, self.kept_until, self.lease_until = state, now, kept_until, None

    @classmethod
    def find_unqueued(cls, session: Session, now: datetime, patience: timedelta, limit: int) -> list[int]:
        """Return ids of exports that wait for a job and have no worker, and mark them as enqueued."""
        is_free = or_(cls.lease_until.is_(None), cls.lease_until < database_now(session))
        waiting = (cls.state == ExportState.WAITING) & is_free
        return find_unqueued(session, cls, waiting, cls.created_at, now=now, patience=patience, limit=limit)

    @classmethod
    def list_expired(cls, session: Session, now: datetime, limit: int) -> Sequence[JournalExport]:
        """Return, locked, exports whose file is due to be deleted."""
        query = select(cls).where(cls.kept_until < now, cls.state != ExportState.WAITING).limit(limit)
        return session.scalars(query.with_for_update(skip_locked=True)).all()

    @classmethod
    def names_among(cls, session: Session, names: Sequence[str]) -> set[str]:
        """Return which of these names of objects ("exports/<id>.<attempt>") a row has."""
        heads = [name.rpartition("/")[2].partition(".")[0] for name in names]
        ids = [int(digits) for digits in heads if digits.isdecimal()]
        stored = session.scalars(select(cls.stored_as).where(cls.id.in_(ids), cls.stored_as.in_(names)))
        return {name for name in stored if name is not None}
