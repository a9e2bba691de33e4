"""A blog's feed and the drafts that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from service.core.feeds.feed_post import FeedPost, ParsedFeed
from service.flows.outgoing.feeds.auto_posts import AutoPosts
from service.flows.outgoing.feeds.feed_list import add_feed
from service.flows.outgoing.feeds.feed_looker import FeedLooker, Look
from service.flows.outgoing.feeds.take_posts import take_posts
from service.mail.sandbox.feed_reader import FeedReader
from service.mail.web_fetch import WebFetcher
from service.models import Feed, FeedMode, Letter, SeenPost
from tests.harness.people.letters import LettersHarness

BODY = "<p>" + "The pond froze, and two herons stood on it all day long. " * 12 + "</p>"


def post(number: int, *, at: datetime | None = None, **more: object) -> FeedPost:
    """Return a post whose id, link, title and words have this number."""
    text = f"Words of post {number}. " * 40
    values = {"raw_id": f"tag:{number}", "link": f"https://b.example.org/{number}", "title": f"Post {number}"}
    return FeedPost(
        **{**values, "html": f"<p>{text}</p>", "text": text, "published_at": at, "has_date": at is not None, **more}  # type: ignore[arg-type]
    )


def rss(*items: tuple[str, str], body: str = BODY, on: str = "Wed, 01 Apr 2026 08:00:00 GMT") -> bytes:
    """Return a feed of items with an id and a title."""
    inner = "".join(
        f"<item><guid isPermaLink='false'>tag:{key}</guid><link>https://b.example.org/{key}</link><title>{title}</title>"
        f"<pubDate>{on}</pubDate><content:encoded><![CDATA[{body}]]></content:encoded></item>"
        for key, title in items
    )
    space = "http://purl.org/rss/1.0/modules/content/"
    return f'<rss version="2.0" xmlns:content="{space}"><channel><title>A blog</title>{inner}</channel></rss>'.encode()


class KeptReader(FeedReader):
    """The child process that reads feeds, kept from one look to the next, since starting it takes longest."""

    def close(self) -> None:
        """Keep it."""


class FeedsHarness:
    """Feeds on the database of a sending harness, fetched from this machine."""

    def __init__(self, letters: LettersHarness) -> None:
        self.letters, self.runtime, self.clock = letters, letters.runtime, letters.clock
        fetcher = WebFetcher("SmallSteps (+test)", allows_loopback=True, seconds=5.0)
        self.auto = AutoPosts(self.runtime.email_context(), ZoneInfo("Europe/London"))
        self.failures: list[object] = []
        parts = (self.runtime.database, self.runtime.keyring, fetcher, self.clock, self.auto)
        self.looker = FeedLooker(*parts, lambda: self.failures)

    def add(self, url: str, mode: FeedMode = FeedMode.DRAFT) -> int:
        with self.runtime.database.write() as session:
            return add_feed(session, url, self.clock(), mode).id

    def look(self, feed_id: int, *, later: timedelta = timedelta()) -> Look:
        self.clock.move(later)
        found = self.looker.look(feed_id, at_once=True)
        assert found is not None
        return found

    def take(self, feed_id: int, posts: Sequence[FeedPost], *, is_broken: bool = False) -> list[str | None]:
        """Take posts as a look does; return the notes of the drafts that they became."""
        with self.runtime.database.write() as session:
            feed = Feed.lock_all(session)[feed_id]
            notes = [
                row.note
                for row in take_posts(session, feed, ParsedFeed("F", tuple(posts), is_broken), self.clock()).drafts
            ]
            feed.looked_at = self.clock()
        return notes

    def feed(self, feed_id: int) -> Feed:
        with self.runtime.database.read() as session:
            return session.get_one(Feed, feed_id)

    def drafts(self) -> list[tuple[str, str]]:
        """Return the titles and contents of all letters, the first one first."""
        with self.runtime.database.read() as session:
            rows = SeenPost.newest_drafts(session, 10_000)
            found = [session.get_one(Letter, row.letter_id) for row in rows if row.letter_id is not None]
            return sorted((letter.title, letter.content) for letter in found)
