"""The tables of imported journals: each import, which entries it brought, and what it left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, database_now, random_id
from service.models.people.journal.entry import Entry
from service.models.people.journal.entry_draft import EntryDraft
from service.models.people.journal.photo import Photo
from service.models.unqueued import find_unqueued

MOST_FAILURES = 5  # jobs in a row that ended without getting any further
_ATTEMPTS = 2**15 - 1  # a small integer counts them, and starts anew
_ROWS = 500


class ImportState(StrEnum):
    """How far an import is; `UPLOADED`, `IMPORTING` and `UNDOING` wait for a job."""

    UPLOADED = "uploaded"
    READY = "ready"
    REFUSED = "refused"
    IMPORTING = "importing"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


WAITING = (ImportState.UPLOADED, ImportState.IMPORTING, ImportState.UNDOING)


class JournalImport(Base):
    """One uploaded journal file, from its upload to its report.

    `stored_as` names the sealed file in the object store until it is read for the last time. `position` is how many
    of its items are done; of these `brought`, `already_here` and `left_out` add up to it. `kept_until` is when an
    upload that was never imported goes, and until when a finished import can be undone.
    """

    __tablename__ = "journal_imports"
    __table_args__ = (
        Index("ix_journal_imports_subscriber_id_created_at", "subscriber_id", "created_at"),
        Index(
            "ix_journal_imports_waiting",
            "created_at",
            postgresql_where=text("state IN ('uploaded', 'importing', 'undoing')"),
            sqlite_where=text("state IN ('uploaded', 'importing', 'undoing')"),
        ),
        Index("ix_journal_imports_kept_until", "kept_until"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(12), default=ImportState.UPLOADED)
    stored_as: Mapped[str | None] = mapped_column(String(80))
    sealed_title: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_preview: Mapped[bytes | None] = mapped_column(LargeBinary)
    wants_digests: Mapped[bool] = mapped_column(default=False)
    wants_changed: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(Integer, default=0)
    found: Mapped[int] = mapped_column(Integer, default=0)
    brought: Mapped[int] = mapped_column(Integer, default=0)
    already_here: Mapped[int] = mapped_column(Integer, default=0)
    left_out: Mapped[int] = mapped_column(Integer, default=0)
    photos: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    failures: Mapped[int] = mapped_column(SmallInteger, default=0)
    lease_until: Mapped[datetime | None]
    enqueued_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    kept_until: Mapped[datetime | None]

    @classmethod
    def find(cls, session: Session, subscriber_id: int, import_id: int, *, lock: bool = False) -> JournalImport | None:
        """Return one import of this person, or None; never another person's."""
        query = select(cls).where(cls.id == import_id, cls.subscriber_id == subscriber_id)
        return session.scalar(query.with_for_update() if lock else query)

    @classmethod
    def list_for(cls, session: Session, subscriber_id: int) -> Sequence[JournalImport]:
        """Return a person's imports, the newest first."""
        query = select(cls).where(cls.subscriber_id == subscriber_id)
        return session.scalars(query.order_by(cls.created_at.desc(), cls.id)).all()

    @classmethod
    def claim(cls, session: Session, import_id: int, lease: timedelta) -> JournalImport | None:
        """Claim an import that waits for a job, and count the attempt; None if another worker holds it."""
        now = database_now(session)
        query = (
            update(cls)
            .where(
                cls.id == import_id,
                cls.state.in_(WAITING),
                or_(cls.lease_until.is_(None), cls.lease_until < now),
            )
            .values(attempts=(cls.attempts + 1) % _ATTEMPTS, failures=cls.failures + 1, lease_until=now + lease)
            .returning(cls.id)
            .execution_options(synchronize_session=False)
        )
        return None if session.scalar(query) is None else session.get_one(cls, import_id)

    @classmethod
    def claimed(cls, session: Session, import_id: int, attempt: int, lease: timedelta) -> JournalImport | None:
        """Return, locked and with its lease renewed, an import that nobody has claimed since this attempt, or None."""
        row = session.scalar(
            select(cls)
            .where(cls.id == import_id, cls.attempts == attempt, cls.state.in_(WAITING))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if row is not None:
            row.lease_until = database_now(session) + lease
        return row

    def wait_for_job(self, state: ImportState, now: datetime) -> None:
        """Have a job go on with this import, in a state that waits for one."""
        self.state, self.enqueued_at, self.lease_until, self.failures = state, now, None, 0

    def release(self, now: datetime) -> None:
        """Let another job go on where this one stopped."""
        self.wait_for_job(ImportState(self.state), now)

    def try_again(self, now: datetime) -> None:
        """Let another job make the same attempt; the sweep finds it as one whose job was lost."""
        self.enqueued_at, self.lease_until = now, None

    def conclude(self, state: ImportState, now: datetime, kept_until: datetime | None) -> None:
        """Store how this import ended, for now or for good."""
        self.state, self.lease_until, self.kept_until = state, None, kept_until
        self.finished_at = now

    @classmethod
    def find_unqueued(cls, session: Session, now: datetime, patience: timedelta, limit: int) -> list[int]:
        """Return ids of imports that wait for a job and have no worker, and mark them as enqueued."""
        is_free = or_(cls.lease_until.is_(None), cls.lease_until < database_now(session))
        waiting = cls.state.in_(WAITING) & is_free
        return find_unqueued(session, cls, waiting, cls.created_at, now=now, patience=patience, limit=limit)

    @classmethod
    def list_expired(cls, session: Session, now: datetime, limit: int) -> Sequence[JournalImport]:
        """Return, locked, imports whose file or report is due to be deleted."""
        query = select(cls).where(cls.kept_until < now, cls.state.not_in(WAITING)).limit(limit)
        return session.scalars(query.with_for_update(skip_locked=True)).all()

    @classmethod
    def names_among(cls, session: Session, names: Sequence[str]) -> set[str]:
        """Return which of these names of objects ("imports/<id>") a row has."""
        ids = [int(digits) for name in names if (digits := name.rpartition("/")[2]).isdecimal()]
        stored = session.scalars(select(cls.stored_as).where(cls.id.in_(ids), cls.stored_as.in_(names)))
        return {name for name in stored if name is not None}


class ImportedEntryRow(Base):
    """An entry that an import brought; `source_mac` is a keyed hash of its id in the service that it comes from."""

    __tablename__ = "imported_entries"
    __table_args__ = (
        Index("ix_imported_entries_import_id", "import_id"),
        Index("ix_imported_entries_subscriber_id", "subscriber_id"),
    )

    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("journal_imports.id", ondelete="CASCADE"))
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    source_mac: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    @classmethod
    def source_macs(cls, session: Session, subscriber_id: int) -> set[bytes]:
        """Return the hashes of the source ids of a person's imported entries."""
        deleted = select(Entry.id).where(Entry.id == cls.entry_id, ~Entry.is_there()).exists()
        query = select(cls.source_mac).where(cls.subscriber_id == subscriber_id, cls.source_mac.is_not(None), ~deleted)
        return {mac for mac in session.scalars(query) if mac is not None}

    @classmethod
    def entry_of(cls, session: Session, subscriber_id: int, source_mac: bytes, own_id: int) -> Entry | None:
        """Return this person's entry that came in with a source id, by its hash, or has this id itself, or None."""
        imported = select(cls.entry_id).where(cls.subscriber_id == subscriber_id, cls.source_mac == source_mac)
        query = select(Entry).where(
            Entry.subscriber_id == subscriber_id, Entry.is_there(), or_(Entry.id == own_id, Entry.id.in_(imported))
        )
        return session.scalars(query.order_by(Entry.created_at).limit(1)).first()

    @classmethod
    def take_back(cls, session: Session, import_id: int, since: datetime, limit: int) -> tuple[int, set[str]]:
        """Delete up to `limit` entries of an import; return how many, and the names of their photos' objects.

        An entry that was changed since the import stays, and no longer counts as imported; so does one that somebody
        has begun to change.
        """
        changed = select(Entry.id).where(Entry.id == cls.entry_id, Entry.changed_at > since)
        begun = select(EntryDraft.entry_id).where(EntryDraft.entry_id == cls.entry_id, EntryDraft.saved_at > since)
        session.execute(
            delete(cls)
            .where(cls.import_id == import_id, or_(changed.exists(), begun.exists()))
            .execution_options(synchronize_session=False)
        )
        ids = session.scalars(select(cls.entry_id).where(cls.import_id == import_id).limit(limit)).all()
        names = set(session.scalars(select(Photo.stored_as).where(Photo.entry_id.in_(ids))))
        session.execute(delete(Entry).where(Entry.id.in_(ids)).execution_options(synchronize_session=False))
        return len(ids), names

    @classmethod
    def count_of(cls, session: Session, import_id: int) -> int:
        """Return how many entries of an import are still in the journal."""
        return session.scalar(select(func.count()).where(cls.import_id == import_id)) or 0


class ImportLeftover(Base):
    """Something that an import left out: its place, date, reason and words, sealed."""

    __tablename__ = "import_leftovers"

    import_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"),
        ForeignKey("journal_imports.id", ondelete="CASCADE"),
        primary_key=True,
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    sealed_item: Mapped[bytes] = mapped_column(LargeBinary)

    @classmethod
    def stream(cls, session: Session, import_id: int) -> Iterator[tuple[int, bytes]]:
        """Yield the positions and sealed items of an import, in the order of the file."""
        query = select(cls.position, cls.sealed_item).where(cls.import_id == import_id).order_by(cls.position)
        with session.execute(query.execution_options(yield_per=_ROWS)) as rows:
            for row in rows:
                yield row[0], row[1]

    @classmethod
    def remove_of(cls, session: Session, import_id: int) -> None:
        """Delete what is kept of an import's leftovers."""
        session.execute(delete(cls).where(cls.import_id == import_id))
