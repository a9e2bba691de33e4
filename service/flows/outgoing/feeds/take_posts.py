"""What becomes of the posts of a feed: a new one becomes a draft, once; a draft follows its post.

In the mode `auto` a draft goes by itself, unless a writer should look at it first; when, `auto_posts` says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from service.core.feeds.feed_post import FeedPost, ParsedFeed
from service.flows.outgoing.feeds.post_notes import PostNotes
from service.flows.outgoing.letters.letter_drafts import LetterDraft, LetterError, edit_draft, make_draft
from service.models import (
    Feed,
    FeedMode,
    Letter,
    LetterFormat,
    LetterSource,
    LetterState,
    LetterVisibility,
    PostNote,
    SeenPost,
    SeenPostKey,
)

# With these notes a post goes by itself all the same.
_HARMLESS = (None, PostNote.EXCERPT)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TakenPosts:
    """What a look at a feed changed: posts that became drafts, whose hour begins, and that are to go no longer."""

    drafts: list[SeenPost] = field(default_factory=list)
    going: list[SeenPost] = field(default_factory=list)
    kept_back: list[SeenPost] = field(default_factory=list)


class _Offered(NamedTuple):
    """A post that is to become a draft."""

    post: FeedPost
    row: SeenPost
    has_old_id: bool


def take_posts(session: Session, feed: Feed, parsed: ParsedFeed, now: datetime) -> TakenPosts:
    """Store the posts of a feed that are not known, and return what became of them. The feeds must be locked.

    At the first look at an address all posts are only seen, and the newest becomes a draft.
    """
    known = SeenPost.by_keys(session, (key for post in parsed.posts for key in post.keys))
    return _Taking(session, feed, parsed, now, known, PostNotes(session, feed, parsed.is_broken, now)).take()


@dataclass(slots=True)
class _Taking:
    """Takes the posts of one look; `known` has the posts that were seen before, and grows."""

    session: Session
    feed: Feed
    parsed: ParsedFeed
    now: datetime
    known: dict[bytes, SeenPost]
    notes: PostNotes
    taken: TakenPosts = field(default_factory=TakenPosts)
    met: set[int] = field(default_factory=set)

    def take(self) -> TakenPosts:
        new: list[_Offered] = []
        due: list[_Offered] = []
        for post in self.parsed.posts:
            seen = self._seen(post)
            if seen is None or self._is_another(post, seen):
                row = self._add(post)
                new.append(_Offered(post, row, seen is not None))
            else:
                row = seen
                self._add_keys(post, row)
                self._remember(post, row)
                if row.id not in self.met and self._follow(post, row):
                    due.append(_Offered(post, row, has_old_id=False))
            self.met.add(row.id)  # a post that stands there twice is taken once
        self._keep_back_absent()
        is_first = self.feed.looked_at is None
        due_now = [one for one in new if not self._waits(one.post, one.row)]
        offered = [*(_newest(due_now) if is_first else due_now), *due]
        for one in offered:
            one.row.note = self.notes.of_new(one.post, one.row, has_old_id=one.has_old_id, number=len(offered))
            self._make_draft(one, may_go=self.feed.mode == FeedMode.AUTO and not is_first)
        return self.taken

    def _seen(self, post: FeedPost) -> SeenPost | None:
        """Return the post that is known by either its id or its link, or None."""
        return next((self.known[key] for key in reversed(post.keys) if key in self.known), None)

    def _is_another(self, post: FeedPost, seen: SeenPost) -> bool:
        """Return whether a known id has a new link, title and date: another post under an old id."""
        if post.link_key is None or post.link_key in self.known or not seen.link:
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

    def _remember(self, post: FeedPost, row: SeenPost) -> None:
        """Keep how a post stands in the feed now: one edited step by step stays one post. A broken feed may lie."""
        if not self.parsed.is_broken:
            row.title, row.link, row.published_at = post.title, post.link, post.published_at

    def _waits(self, post: FeedPost, row: SeenPost) -> bool:
        if post.published_at is None or post.published_at <= self.now:
            return False
        row.waits_until = post.published_at
        return True

    def _make_draft(self, one: _Offered, *, may_go: bool) -> None:
        post, row = one.post, one.row
        draft = LetterDraft(
            title=post.title,
            content=_content(post),
            format=LetterFormat.HTML,
            source=LetterSource.FEED,
            origin=str(row.id),
            canonical_url=post.link or None,
        )
        row.waits_until, row.feed_id = None, self.feed.id
        try:
            row.letter_id = make_draft(self.session, draft, self.now).id
        except LetterError:
            row.note = PostNote.TOO_LONG
            return
        (self.taken.going if may_go and row.note in _HARMLESS else self.taken.drafts).append(row)
        log.info("feed.draft", feed=self.feed.id, letter=row.letter_id)

    def _follow(self, post: FeedPost, row: SeenPost) -> bool:
        """Return whether a known post waited for its date, which has come; let its draft follow it otherwise."""
        if row.waits_until is not None:
            return not self._waits(post, row)
        is_changed = row.content_hash != post.content_hash
        if self.parsed.is_broken or not (is_changed or row.goes_at):
            return False
        letter = self._followed(row)
        if letter is None:
            return False
        if row.goes_at is not None and row.feed_id != self.feed.id:
            return False  # one feed alone decides what goes by itself
        reason = self.notes.against_going(post, row, is_changed=is_changed) if row.goes_at is not None else None
        if is_changed and post.text and not self._edit(letter, post, row):
            row.note = reason = PostNote.TOO_LONG
        if row.goes_at is not None and reason is not None:
            self._keep_back(row, reason)
        elif row.goes_at is not None and is_changed:
            row.changes += 1
            self.taken.going.append(row)
        return False

    def _followed(self, row: SeenPost) -> Letter | None:
        """Return the draft of a post, locked, or None if somebody has edited or scheduled it."""
        letter = Letter.locked(self.session, row.letter_id) if row.letter_id is not None else None
        if letter is None or letter.state != LetterState.DRAFT or letter.is_touched:
            return None
        self.session.refresh(row, ["goes_at"])  # a writer may have taken it back meanwhile
        return letter

    def _keep_back(self, row: SeenPost, note: PostNote) -> None:
        row.goes_at, row.note = None, note
        self.taken.kept_back.append(row)

    def _keep_back_absent(self) -> None:
        """Keep back what was deleted in the blog; a feed that is broken does not tell."""
        if self.parsed.is_broken:
            return
        for row in SeenPost.going(self.session, self.feed.id):
            if row.id not in self.met and self._followed(row) is not None and row.goes_at is not None:
                self._keep_back(row, PostNote.DELETED)

    def _edit(self, letter: Letter, post: FeedPost, row: SeenPost) -> bool:
        """Let a draft say what its post says now; return whether it can be kept."""
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
            return False
        row.content_hash, row.has_pictures = post.content_hash, False
        return True


def _newest(new: list[_Offered]) -> list[_Offered]:
    """Return the newest of the posts by their dates; without dates the first one, where feeds begin."""
    dated = [one for one in new if one.post.published_at is not None]
    if dated:
        return [max(dated, key=lambda one: one.post.published_at.timestamp() if one.post.published_at else 0.0)]
    return new[:1]


def _content(post: FeedPost) -> str:
    """Return what a draft says; for a post without words, where it is."""
    if post.html.strip():
        return post.html
    words = escape(post.title)
    return f'<p><a href="{escape(post.link)}">{words}</a></p>' if post.link else f"<p>{words}</p>"
