"""What becomes of the posts of a feed: a new one becomes a draft, once; a draft follows its post."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape

import structlog
from sqlalchemy.orm import Session

from service.core.feeds.feed_post import FeedPost, ParsedFeed
from service.flows.outgoing.letters.letter_drafts import LetterDraft, LetterError, edit_draft, make_draft
from service.models import (
    Feed,
    Letter,
    LetterFormat,
    LetterSource,
    LetterState,
    LetterVisibility,
    PostNote,
    SeenPost,
    SeenPostKey,
)

MOST_AT_ONCE = 3
REPEATED_WITHIN = timedelta(days=60)

log = structlog.get_logger()


def take_posts(session: Session, feed: Feed, parsed: ParsedFeed, now: datetime) -> list[SeenPost]:
    """Store the posts of a feed that are not known, and return those that became drafts. The feeds must be locked.

    At the first look at an address all posts are only seen, and the newest becomes a draft.
    """
    return _Taking(session, feed, parsed, now, _known(session, parsed)).take()


def _known(session: Session, parsed: ParsedFeed) -> dict[bytes, SeenPost]:
    return SeenPost.by_keys(session, (key for post in parsed.posts for key in post.keys))


@dataclass(slots=True)
class _Taking:
    """Takes the posts of one look; `known` has the posts that were seen before, and grows."""

    session: Session
    feed: Feed
    parsed: ParsedFeed
    now: datetime
    known: dict[bytes, SeenPost]
    drafts: list[SeenPost] = field(default_factory=list)

    def take(self) -> list[SeenPost]:
        new = []
        for post in self.parsed.posts:
            seen = self._seen(post)
            if seen is None or self._is_another(post, seen):
                new.append((post, self._add(post), seen is not None))
            else:
                self._follow(post, seen)
        is_first = self.feed.looked_at is None
        due = [one for one in new if not self._waits(one[0], one[1])]
        offered = _newest(due) if is_first else due
        for post, row, has_old_id in offered:
            row.note = self._note(post, row, is_first=is_first, has_old_id=has_old_id, number=len(due))
            self._make_draft(post, row)
        return self.drafts

    def _seen(self, post: FeedPost) -> SeenPost | None:
        """Return the post that is known by either its id or its link, or None."""
        return next((self.known[key] for key in reversed(post.keys) if key in self.known), None)

    def _is_another(self, post: FeedPost, seen: SeenPost) -> bool:
        """Return whether a known id has a new link, title and date: another post under an old id."""
        if post.link_key is None or post.link_key in self.known:
            return False
        return post.title != seen.title and post.published_at != seen.published_at

    def _add(self, post: FeedPost) -> SeenPost:
        row = SeenPost(
            feed_id=self.feed.id,
            title=post.title,
            link=post.link,
            start_hash=post.start_hash,
            content_hash=post.content_hash,
            published_at=post.published_at,
            found_at=self.now,
        )
        self.session.add(row)
        self.session.flush()
        self._add_keys(post, row)
        return row

    def _add_keys(self, post: FeedPost, row: SeenPost) -> None:
        for key in post.keys:
            if key not in self.known:
                self.session.add(SeenPostKey(key=key, post_id=row.id))
                self.known[key] = row

    def _waits(self, post: FeedPost, row: SeenPost) -> bool:
        if post.published_at is None or post.published_at <= self.now:
            return False
        row.waits_until = post.published_at
        return True

    def _note(self, post: FeedPost, row: SeenPost, *, is_first: bool, has_old_id: bool, number: int) -> PostNote | None:
        before = row.found_at - REPEATED_WITHIN
        is_old = post.published_at is not None and post.published_at < self.feed.added_at
        reasons = (
            (PostNote.NEWEST, is_first),
            (PostNote.OLD_ID, has_old_id),
            (PostNote.REPEAT, SeenPost.begins_alike(self.session, post.start_hash, before, other_than=row.id)),
            (PostNote.EMPTY, not post.text),
            (PostNote.BROKEN, self.parsed.is_broken),
            (PostNote.MANY, number > MOST_AT_ONCE),
            (PostNote.BAD_DATE, post.published_at is None and post.has_date),
            (PostNote.NO_DATE, not post.has_date),
            (PostNote.OLD, is_old),
            (PostNote.EXCERPT, post.is_excerpt),
        )
        return next((note for note, holds in reasons if holds), None)

    def _make_draft(self, post: FeedPost, row: SeenPost) -> None:
        draft = LetterDraft(
            title=post.title,
            content=_content(post),
            format=LetterFormat.HTML,
            source=LetterSource.FEED,
            origin=str(row.id),
            canonical_url=post.link or None,
        )
        row.waits_until = None
        try:
            row.letter_id = make_draft(self.session, draft, self.now).id
        except LetterError:
            row.note = PostNote.TOO_LONG
            return
        self.drafts.append(row)
        log.info("feed.draft", feed=self.feed.id, letter=row.letter_id)

    def _follow(self, post: FeedPost, row: SeenPost) -> None:
        """Let a known post's draft follow it, unless somebody has edited the draft or scheduled it."""
        self._add_keys(post, row)
        if row.waits_until is not None:
            if not self._waits(post, row):
                self._make_draft(post, row)
            return
        if row.letter_id is None or row.content_hash == post.content_hash or self.parsed.is_broken or not post.text:
            return
        letter = Letter.locked(self.session, row.letter_id)
        if letter is None or letter.state != LetterState.DRAFT or letter.is_touched:
            return
        changed = LetterDraft(
            title=post.title,
            content=_content(post),
            format=LetterFormat.HTML,
            visible=LetterVisibility(letter.visible),
            canonical_url=post.link or None,
        )
        try:
            edit_draft(self.session, letter.id, changed, self.now, by_hand=False)
        except LetterError:
            row.note = PostNote.TOO_LONG
            return
        row.title, row.link, row.content_hash, row.has_pictures = post.title, post.link, post.content_hash, False


def _newest(new: list[tuple[FeedPost, SeenPost, bool]]) -> list[tuple[FeedPost, SeenPost, bool]]:
    """Return the newest of the posts by their dates; without dates the first one, where feeds begin."""
    dated = [one for one in new if one[0].published_at is not None]
    if dated:
        return [max(dated, key=lambda one: one[0].published_at.timestamp() if one[0].published_at else 0.0)]
    return new[:1]


def _content(post: FeedPost) -> str:
    """Return what a draft says; for a post without words, where it is."""
    if post.html.strip():
        return post.html
    words = escape(post.title)
    return f'<p><a href="{escape(post.link)}">{words}</a></p>' if post.link else f"<p>{words}</p>"
