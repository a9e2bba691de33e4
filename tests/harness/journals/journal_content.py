"""Content of a signed-in person's journal: questions that may come back, and photos."""

from __future__ import annotations

from service.db import random_id
from service.models import Entry, Photo
from tests.harness.website import WebHarness


def asked(site: WebHarness) -> str:
    """Return the id of a prompt whose replies may be quoted in a digest."""
    library = site.runtime.library.for_locale("en-GB")
    return next(p.id for p in library if p.resurface and p.kind == "question" and p.theme == "rest")


def give_photo(site: WebHarness, entry_id: int) -> int:
    """Store a photo of an entry; return its id."""
    with site.runtime.database.write() as session:
        entry = session.get_one(Entry, entry_id)
        photo = Photo(
            id=random_id(),
            entry_id=entry.id,
            subscriber_id=entry.subscriber_id,
            stored_as=f"photos/{entry.id}",
            content_type="image/jpeg",
            width=4,
            height=3,
            position=0,
            created_at=site.clock(),
            content_mac=b"m" * 32,
        )
        session.add(photo)
        return photo.id
