"""The feeds that are read: adding one, letting one rest, and removing it."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from service.core.feeds.feed_post import compared_link
from service.flows.outgoing.feeds.auto_posts import keep_all_back
from service.flows.outgoing.letters.letter_drafts import LetterError
from service.models import Feed, FeedMode, FeedPause, FeedState

LONGEST_URL = 2_000


def add_feed(session: Session, url: str, now: datetime, mode: FeedMode = FeedMode.DRAFT) -> Feed:
    """Return a feed that is looked at from now on; one that was removed begins anew.

    In the mode `auto` its new posts go by themselves, the ones of today never.

    Raises:
        LetterError: the address is not valid, or the feed is in the list already.
    """
    url = checked_address(url)
    same = [feed for feed in Feed.lock_all(session).values() if compared_link(feed.url) == compared_link(url)]
    feed = next(iter(same), None)
    if feed is not None and feed.state != FeedState.REMOVED:
        raise LetterError("This feed is in the list already.")
    if feed is None:
        feed = Feed(url=url, added_at=now, next_look_at=now, failures=0, moves=0, attempt=0, title="")
        session.add(feed)
    feed.url, feed.state, feed.added_at, feed.next_look_at, feed.enqueued_at = url, FeedState.ACTIVE, now, now, None
    feed.mode, feed.paused_because = mode, None
    feed.begin_anew()
    session.flush()
    return feed


def look_now(session: Session, feed_id: int, now: datetime) -> None:
    """Let a feed be due now.

    Raises:
        LetterError: there is no such feed, or it is not looked at.
    """
    feed = find_feed(session, feed_id)
    if feed.state != FeedState.ACTIVE:
        raise LetterError("This feed isn’t looked at. Let it go on first.")
    feed.next_look_at, feed.enqueued_at = now, now


def set_mode(session: Session, feed_id: int, mode: FeedMode) -> None:
    """Let a feed's new posts go by themselves from now on, or become drafts; then what was to go stays a draft.

    Raises:
        LetterError: there is no such feed.
    """
    feed = find_feed(session, feed_id)
    feed.mode = mode
    if mode == FeedMode.DRAFT:
        keep_all_back(session, feed)


def pause_feed(session: Session, feed_id: int) -> None:
    """Let a feed rest: nothing is fetched until it is resumed, and what was to go by itself stays a draft.

    Raises:
        LetterError: there is no such feed, or it is not looked at.
    """
    feed = find_feed(session, feed_id)
    if feed.state != FeedState.ACTIVE:
        raise LetterError("There’s nothing to pause: this feed isn’t looked at.")
    feed.state, feed.paused_because = FeedState.PAUSED, FeedPause.BY_HAND
    feed.attempt += 1  # what is fetched at this moment is not taken
    keep_all_back(session, feed)


def resume_feed(session: Session, feed_id: int, now: datetime) -> None:
    """Look at a feed again; posts that came meanwhile are new.

    If the database was an old copy, they may have gone already: then the next look is like the first one.

    Raises:
        LetterError: there is no such feed, or it is looked at.
    """
    feed = find_feed(session, feed_id)
    if feed.state == FeedState.ACTIVE:
        raise LetterError("There’s nothing to resume: this feed is looked at.")
    feed.state, feed.next_look_at, feed.enqueued_at = FeedState.ACTIVE, now, None
    if feed.paused_because == FeedPause.OLD_COPY:
        feed.begin_anew()
    feed.paused_because = feed.problem = feed.failing_since = feed.told_at = None
    feed.failures = 0


def remove_feed(session: Session, feed_id: int) -> None:
    """Stop looking at a feed. Its drafts stay, and its posts stay known.

    Raises:
        LetterError: there is no such feed.
    """
    feed = find_feed(session, feed_id)
    feed.state = FeedState.REMOVED
    feed.attempt += 1
    keep_all_back(session, feed)


def find_feed(session: Session, feed_id: int) -> Feed:
    """Return a feed that was not removed, locked.

    Raises:
        LetterError: there is none with this id.
    """
    feed = Feed.lock_all(session).get(feed_id)
    if feed is None or feed.state == FeedState.REMOVED:
        raise LetterError("There is no feed with this id.")
    return feed


def checked_address(url: str) -> str:
    """Return the address of a feed without spaces around it.

    Raises:
        LetterError: it is not a valid address.
    """
    url = url.strip()
    if len(url) > LONGEST_URL or not _is_address(url):
        raise LetterError("Write the feed’s whole address, such as https://blog.example.org/feed, without a password.")
    return url


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    has_password = parts.username is not None or parts.password is not None
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not has_password and url.isprintable()
