"""What a writer should know of a post before it goes; with most of these notes it does not go by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.feeds.feed_post import FeedPost
from service.core.letters.letter_day import LATE_AFTER
from service.models import Feed, FeedMode, PostNote, SeenPost

MOST_AT_ONCE = 3
MOST_CHANGES = 5  # a post that differs at each look would never go, and mail the writers each time
REPEATED_WITHIN = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class PostNotes:
    """Finds the notes of the posts of one look."""

    session: Session
    feed: Feed
    is_broken: bool
    now: datetime

    def of_new(self, post: FeedPost, row: SeenPost, *, has_old_id: bool, number: int) -> PostNote | None:
        """Return the note of a post that is one of so many new ones, or None."""
        reasons = (
            (PostNote.NEWEST, self.feed.looked_at is None),
            (PostNote.OLD_ID, has_old_id),
            # One that waited for its date may have another title by now than when it was first seen.
            (PostNote.REPEAT, any(self._is_repeat(start, row) for start in {post.start_hash, row.start_hash})),
            (PostNote.EMPTY, not post.text),
            (PostNote.BROKEN, self.is_broken),
            (PostNote.MANY, number > MOST_AT_ONCE),
            (self._of_date(post), True),
            (PostNote.EXCERPT, post.is_excerpt),
        )
        return next((note for note, holds in reasons if note and holds), None)

    def against_going(self, post: FeedPost, row: SeenPost, *, is_changed: bool) -> PostNote | None:
        """Return why a post that was to go by itself does not, as it is now, or None."""
        note_of_date = self._of_date(post)
        reasons = (
            (PostNote.EMPTY, not post.text),
            (PostNote.AHEAD, post.published_at is not None and post.published_at > self.now),
            (note_of_date, note_of_date != PostNote.LATE),  # it may wait for its day
            (PostNote.REPEAT, is_changed and self._is_repeat(post.start_hash, row)),
            (PostNote.CHANGING, is_changed and row.changes >= MOST_CHANGES),
        )
        return next((note for note, holds in reasons if note and holds), None)

    def _of_date(self, post: FeedPost) -> PostNote | None:
        if post.published_at is None:
            return PostNote.BAD_DATE if post.has_date else PostNote.NO_DATE
        if post.published_at < self.feed.added_at:
            return PostNote.OLD
        is_late = self.feed.mode == FeedMode.AUTO and post.published_at < self.now - LATE_AFTER
        return PostNote.LATE if is_late else None

    def _is_repeat(self, start_hash: bytes, row: SeenPost) -> bool:
        since = row.found_at - REPEATED_WITHIN
        return SeenPost.begins_alike(self.session, start_hash, since, other_than=row.id)
