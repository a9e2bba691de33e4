"""Entries and photos that their owners have deleted: which of them go for good, and which a change of address keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.models.people.addresses.address_change import AddressChange
from service.models.people.journal.entry import Entry
from service.models.people.journal.photo import Photo


def entries_to_erase(session: Session, until: datetime, limit: int, *, now: datetime) -> Sequence[Entry]:
    """Return up to `limit` entries that were deleted at an instant or before, locked.

    Not those of somebody whose former address can take a change back, since that puts them back (`put_back_since`).
    """
    is_over = Entry.deleted_at <= until, ~AddressChange.may_be_taken_back(Entry.subscriber_id, now)
    query = select(Entry).where(*is_over).order_by(Entry.deleted_at).limit(limit)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def photos_to_erase(session: Session, until: datetime, limit: int, *, now: datetime) -> Sequence[Photo]:
    """Return up to `limit` photos that were removed at an instant or before, locked; see `entries_to_erase`."""
    is_over = Photo.removed_at <= until, ~AddressChange.may_be_taken_back(Photo.subscriber_id, now)
    query = select(Photo).where(*is_over).order_by(Photo.removed_at).limit(limit)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def put_back_since(session: Session, subscriber_id: int, after: datetime) -> None:
    """Put back what a person has deleted after an instant."""
    for query in (
        update(Entry).where(Entry.subscriber_id == subscriber_id, Entry.deleted_at > after).values(deleted_at=None),
        update(Photo).where(Photo.subscriber_id == subscriber_id, Photo.removed_at > after).values(removed_at=None),
    ):
        session.execute(query.execution_options(synchronize_session=False))
