"""Looking at a feed: fetch it, read it in a child process, store what is new, and bring the pictures of new drafts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy.orm import Session

from service.clock import Clock
from service.core.feeds.feed_post import FeedRefusedError, ParsedFeed, compared_link
from service.core.feeds.feed_timing import EVERY, JITTER, LONGEST_WAIT, wait_after
from service.core.feeds.feed_words import PROBLEMS
from service.db import Database, random_id
from service.flows.outgoing.feeds.auto_posts import AutoPosts, keep_all_back, next_fixing
from service.flows.outgoing.feeds.feed_list import checked_address
from service.flows.outgoing.feeds.feed_pictures import FeedPictures
from service.flows.outgoing.feeds.take_posts import TakenPosts, take_posts
from service.flows.outgoing.planning.plan_writer_mail import plan_writer_mail
from service.mail.sandbox.feed_reader import FeedReader
from service.mail.web_fetch import Fetched, FetchError, WebFetcher
from service.models import Feed, FeedState, Keyring, WriterMailKind

MOVES_TO_FOLLOW: Final = 3
LONGEST_VALIDATOR: Final = 500
TOLD_AFTER: Final = timedelta(days=3)
_UNCHANGED, _GONE = 304, 410
_GOOD: Final = range(200, 300)
_SERVER_ERRORS: Final = range(500, 600)
_PROBLEM_OF_STATUS: Final = {401: "refused", 403: "forbidden", 404: "not_found", _GONE: "gone", 429: "busy"}
_ACCEPT: Final = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found: a problem by its name, or how many posts became drafts, and how many go by themselves."""

    problem: str | None = None
    drafts: int = 0
    going: int = 0
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class SeenFeed:
    """What was fetched and read: the feed, None where it is unchanged, or a problem."""

    fetched: Fetched | None = field(repr=False)
    parsed: ParsedFeed | None = field(repr=False)
    problem: str | None


@dataclass(frozen=True, slots=True)
class FeedLooker:
    """Looks at feeds. No request is made inside a transaction."""

    database: Database
    keyring: Keyring = field(repr=False)
    fetcher: WebFetcher
    clock: Clock
    auto: AutoPosts
    find_failures: Callable[[], Sequence[object]]  # of the doctor's checks, over which no letter starts
    make_reader: Callable[[], FeedReader] = FeedReader

    def work(self, feed_id: int) -> Sequence[int]:
        """Look at a feed that is due; return no deliveries, since a new post is a draft."""
        self.look(feed_id)
        return ()

    def look(self, feed_id: int, *, at_once: bool = False) -> Look | None:
        """Look at a feed, `at_once` also before it is due; return what was found, or None if it is not looked at."""
        now = self.clock()
        with self.database.write() as session:
            feed = Feed.claim(session, feed_id, now, at_once=at_once)
            if feed is None:
                return None
            attempt, url, headers = feed.attempt, feed.url, self._headers(feed, now)
        seen = self._see(url, headers)
        with self.database.write() as session:
            feed = Feed.lock_all(session)[feed_id]
            if feed.attempt != attempt or feed.state != FeedState.ACTIVE:
                return None  # paused, removed, or looked at by another worker meanwhile
            now = self.clock()
            look = self._store(session, feed, seen, is_whole=len(headers) == 1, now=now)
            fixing = next_fixing(session, feed_id, now)
            feed.next_look_at = min(feed.next_look_at, fixing or feed.next_look_at)
        FeedPictures(self.database, self.fetcher, self.clock).bring(feed_id)
        self._schedule_due(feed_id)
        log.info("feed.looked_at", feed=feed_id, problem=look.problem, drafts=look.drafts)
        return look

    def _schedule_due(self, feed_id: int) -> None:
        with self.database.read() as session:
            if not self.auto.has_due(session, feed_id, self.clock()):
                return
        check_fails = bool(self.find_failures())
        with self.database.write() as session:
            self.auto.schedule_due(session, feed_id, self.clock(), check_fails=check_fails)

    def preview(self, url: str) -> SeenFeed:
        """Return what stands at an address, without storing anything.

        Raises:
            LetterError: it is no address of a feed.
        """
        return self._see(checked_address(url), {"Accept": _ACCEPT})

    def _headers(self, feed: Feed, now: datetime) -> dict[str, str]:
        """Return the headers of a request; once a day it has no conditions, since some servers answer them wrongly."""
        headers = {"Accept": _ACCEPT}
        if feed.whole_at is None or feed.whole_at <= now - LONGEST_WAIT:
            return headers
        conditions = {"If-None-Match": feed.etag, "If-Modified-Since": feed.last_modified}
        return headers | {name: value for name, value in conditions.items() if value}

    def _see(self, url: str, headers: dict[str, str]) -> SeenFeed:
        try:
            fetched = self.fetcher.fetch(url, headers)
        except FetchError as error:
            return SeenFeed(None, None, error.problem)
        if fetched.status == _UNCHANGED:
            return SeenFeed(fetched, None, None)
        if fetched.status not in _GOOD:
            other = "server_error" if fetched.status in _SERVER_ERRORS else "refused"
            return SeenFeed(fetched, None, _PROBLEM_OF_STATUS.get(fetched.status, other))
        reader = self.make_reader()
        try:
            return SeenFeed(
                fetched, reader.read(fetched.body, fetched.url, fetched.headers.get("content-type", "")), None
            )
        except FeedRefusedError as error:
            return SeenFeed(fetched, None, error.refusal)
        finally:
            reader.close()

    def _store(self, session: Session, feed: Feed, seen: SeenFeed, *, is_whole: bool, now: datetime) -> Look:
        jitter = timedelta(seconds=random_id() % int(JITTER.total_seconds()))
        if seen.problem is not None or seen.fetched is None:
            self._fail(session, feed, seen, now)
            return Look(problem=seen.problem)
        taken = TakenPosts()
        if seen.parsed is not None:
            taken = take_posts(session, feed, seen.parsed, now)
            self.auto.begin_hour(session, taken.going, now)
            self.auto.tell_kept_back(session, taken.kept_back, now)
            feed.title = seen.parsed.title or feed.title
            is_first, feed.looked_at = feed.looked_at is None, now
            feed.whole_at = now if is_whole or feed.whole_at is None else feed.whole_at
            if taken.drafts and not is_first:
                titles = {"titles": "; ".join(f"“{draft.title}”" for draft in taken.drafts)}
                key = str(taken.drafts[0].id)
                plan_writer_mail(session, self.keyring, WriterMailKind.FEED_DRAFTS, titles, key=key, now=now)
        feed.etag = _validator(seen.fetched, "etag") or feed.etag
        feed.last_modified = _validator(seen.fetched, "last-modified") or feed.last_modified
        feed.problem = feed.failing_since = feed.told_at = None
        feed.failures = 0
        feed.next_look_at = now + EVERY + jitter
        _follow_move(session, feed, seen.fetched.moved_to)
        return Look(drafts=len(taken.drafts), going=len(taken.going), is_unchanged=seen.parsed is None)

    def _fail(self, session: Session, feed: Feed, seen: SeenFeed, now: datetime) -> None:
        """Store that a look failed; after three days, or when the feed is gone, the writers are told once."""
        feed.problem = seen.problem
        feed.failures += 1
        feed.failing_since = feed.failing_since or now
        retry_after = seen.fetched.headers.get("retry-after", "") if seen.fetched is not None else ""
        feed.next_look_at = now + wait_after(feed.failures, retry_after, now)
        is_gone = seen.fetched is not None and seen.fetched.status == _GONE
        if is_gone:
            feed.state = FeedState.GONE
            keep_all_back(session, feed)
        if feed.told_at is None and (is_gone or feed.failing_since <= now - TOLD_AFTER):
            feed.told_at = now
            values = {
                "host": urlsplit(feed.url).hostname or "",
                "problem": PROBLEMS[seen.problem or "no_answer"],
                "id": str(feed.id),
            }
            key = f"{feed.id}/{feed.failing_since:%Y%m%d%H%M%S}"
            plan_writer_mail(session, self.keyring, WriterMailKind.FEED_FAILING, values, key=key, now=now)


def _validator(fetched: Fetched, name: str) -> str | None:
    """Return a header to be sent back as it came, or None if there is none that can be sent."""
    value = fetched.headers.get(name, "")
    return value if value.isprintable() and 0 < len(value) <= LONGEST_VALIDATOR else None


def _follow_move(session: Session, feed: Feed, moved_to: str | None) -> None:
    """Count a permanent redirect, and after three in a row to one address look there, as for the first time."""
    feed.moves = feed.moves + 1 if moved_to is not None and moved_to == feed.moved_to else int(moved_to is not None)
    feed.moved_to = moved_to
    if moved_to is None or feed.moves < MOVES_TO_FOLLOW:
        return
    taken = {compared_link(other.url) for other in Feed.list_all(session) if other.id != feed.id}
    if compared_link(moved_to) not in taken:
        feed.url = moved_to
        feed.begin_anew()
