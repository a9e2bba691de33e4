"""Random histories of blogs' feeds, played against a model: no post goes twice, and none from before a feed was added.

A blog gives its posts other ids, slugs, dates, words and places in the feed, deletes some and brings some back; its
server answers broken feeds, web pages and errors; and a writer takes some posts back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Final

from sqlalchemy import select

from service.core.feeds.feed_parsing import parse_feed
from service.core.feeds.feed_post import ParsedFeed
from service.flows.outgoing.feeds.feed_list import remove_feed
from service.flows.outgoing.letters.letter_states import take_back
from service.mail.sandbox.feed_reader import FeedReader
from service.mail.web_fetch import Fetched, WebFetcher
from service.models import FeedMode, Letter, LetterState, SeenPost
from tests.harness.feeds.feeds import FeedsHarness

HOUR: Final = timedelta(hours=1)
MARK: Final = re.compile(r"Post (\d+) of ")
_START: Final = "The pond froze, and two herons stood on it all day long. " * 12
_SPACE: Final = "http://purl.org/rss/1.0/modules/content/"


class ReaderHere(FeedReader):
    """Reads feeds in this process, since starting another takes longest."""

    def read(self, data: bytes, url: str, content_type: str) -> ParsedFeed:
        return parse_feed(data, url, content_type)


@dataclass(frozen=True, slots=True)
class ScriptedFetcher(WebFetcher):
    """Answers what the history says; `answers` has one answer at a time."""

    answers: list[Fetched] = field(default_factory=list)

    def fetch(self, url: str, headers: object = None) -> Fetched:  # noqa: ARG002 - the interface of the fetcher
        return self.answers[0]


@dataclass(slots=True)
class BlogPost:
    """A post as the blog has it, and what the model knows of it."""

    number: int
    raw_id: str
    slug: str
    date: str
    at: datetime | None
    suffix: str = ""
    version: int = 0
    is_listed: bool = True
    is_seen: bool = False  # as it is now, in a whole feed
    is_changed: bool = True  # since it was seen, in what its letter is made from: not in its id or its date
    never_goes: bool = False
    others: int = 0  # how often it got a new id and a new slug at once, which makes another post of it
    changed_at: datetime | None = None


@dataclass(slots=True)
class FeedHistory:
    """One blog, its feed, and what is expected of it."""

    feeds: FeedsHarness
    random: Random
    name: str
    posts: list[BlogPost] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    days: set[str] = field(default_factory=set)
    feed_id: int = 0

    def play(self, looks: int) -> int:
        """Look so many times, and return how many posts went by themselves; fail where the model is not met."""
        for _ in range(self.random.randint(0, 6)):
            self._publish(is_old=True)
        fetcher = ScriptedFetcher("SmallSteps (+test)", answers=[])
        reader = ReaderHere()
        looker = replace(self.feeds.looker, fetcher=fetcher, make_reader=lambda: reader)
        self.feed_id = self.feeds.add(f"https://{self.name}.example.org/feed", FeedMode.AUTO)
        for _ in range(looks):
            is_whole, answer = self._answer()
            fetcher.answers[:] = [answer]
            looker.look(self.feed_id, at_once=True)
            if is_whole:
                self._note_seen()
            self._check()
            self._writer_acts()
            self.feeds.clock.move(timedelta(minutes=self.random.choice((10, 30, 31, 55, 60, 180, 480))))
            self._blog_acts()
        with self.feeds.runtime.database.write() as session:
            remove_feed(session, self.feed_id)
        return len(self.gone)

    def _publish(self, *, is_old: bool = False) -> None:
        number, now = len(self.posts), self.feeds.clock()
        kind = "old" if is_old else self.random.choice(("now",) * 6 + ("ahead", "none", "bad", "old"))
        at = {"now": now, "ahead": now + self.random.randint(1, 48) * HOUR, "old": now - 99 * HOUR}.get(kind)
        date = format_datetime(at) if at else {"bad": "2025-13-45"}.get(kind, "")
        post = BlogPost(number, f"tag:{self.name}:{number}", f"post-{number}", date, at)
        post.never_goes = kind not in {"now", "ahead"}
        self.posts.append(post)

    def _blog_acts(self) -> None:
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2, 5))):
            self._publish()
        for post in self.posts:
            if self.random.random() < 0.1:
                post.is_listed = not post.is_listed
            elif post.is_seen and post.is_listed and self.random.random() < 0.2:
                self._change(post)

    def _change(self, post: BlogPost) -> None:
        post.is_seen = False
        fresh = f"{self.random.getrandbits(40):x}"
        kind = self.random.choice(("id", "slug", "both", "words", "words", "title", "date"))
        post.is_changed |= kind not in {"id", "date"}
        match kind:
            case "id":
                post.raw_id = f"tag:{self.name}:{fresh}"
            case "slug":
                post.slug = f"post-{fresh}"
            case "both" if not post.suffix and post.version < 1:
                post.raw_id, post.slug = f"tag:{self.name}:{fresh}", f"post-{fresh}"
                post.others += 1
            case "title":
                post.suffix = f" ({fresh})"
            case "date":
                post.at = self.feeds.clock() + self.random.randint(-30, 30) * HOUR
                post.date = format_datetime(post.at)
            case _:
                post.version += 1

    def _answer(self) -> tuple[bool, Fetched]:
        """Return what the server answers, and whether that is the whole feed."""
        url = f"https://{self.name}.example.org/feed"
        body = self._document()
        match self.random.choice(("whole",) * 14 + ("cut", "cut", "page", "error", "same")):
            case "cut":
                return False, Fetched(200, url, None, {}, body[: self.random.randint(1, len(body))])
            case "page":
                return False, Fetched(200, url, None, {}, b"<!doctype html><html><body>Robot?</body></html>")
            case "error":
                return False, Fetched(503, url, None, {}, b"")
            case "same":
                return False, Fetched(304, url, None, {}, b"")
        return True, Fetched(200, url, None, {}, body)

    def _document(self) -> bytes:
        listed = [post for post in self.posts if post.is_listed]
        self.random.shuffle(listed)
        listed += listed[: self.random.choice((0, 0, 0, 1))]  # one stands there twice
        items = "".join(map(self._item, listed))
        return f'<rss version="2.0" xmlns:content="{_SPACE}"><channel><title>B</title>{items}</channel></rss>'.encode()

    def _item(self, post: BlogPost) -> str:
        scheme, www = self.random.choice(("http", "https")), self.random.choice(("", "www."))
        mark = self.random.choice(("", "/", "?utm_source=rss", "#top"))
        body = f"<p>{_START}</p><p>Of post {post.number}, version {post.version}.</p>"
        return (
            f"<item><guid isPermaLink='false'>{post.raw_id}</guid><pubDate>{post.date}</pubDate>"
            f"<link>{scheme}://{www}{self.name}.example.org/{post.slug}{mark}</link>"
            f"<title>Post {post.number} of {self.name}{post.suffix}</title>"
            f"<content:encoded><![CDATA[{body}]]></content:encoded></item>"
        )

    def _note_seen(self) -> None:
        for post in self.posts:
            if post.is_listed and not post.is_seen:
                post.changed_at = self.feeds.clock() if post.is_changed else post.changed_at
                post.is_seen, post.is_changed = True, False

    def _check(self) -> None:
        """Compare what became of the posts with the model."""
        with self.feeds.runtime.database.read() as session:
            query = select(Letter.title, Letter.state, Letter.starts_at)
            rows = session.execute(
                query.join(SeenPost, SeenPost.letter_id == Letter.id).where(SeenPost.feed_id == self.feed_id)
            ).all()
        # What a cut feed left of a post has no number; it is a draft, and follows the post.
        assert all(row.state == LetterState.DRAFT or MARK.match(row.title) for row in rows)
        rows = [row for row in rows if MARK.match(row.title)]
        letters = Counter(self._number(row.title) for row in rows)
        assert all(count <= 1 + self.posts[number].others for number, count in letters.items()), letters
        gone = Counter(self._number(row.title) for row in rows if row.state != LetterState.DRAFT)
        assert all(count == 1 for count in gone.values()), gone
        for row in rows:
            number = self._number(row.title)
            if row.state == LetterState.DRAFT or number in self.gone:
                continue
            post = self.posts[number]
            assert not post.never_goes, f"{post} went"
            assert post.changed_at is None or row.starts_at >= post.changed_at + HOUR or not post.is_seen, f"{post}"
            day = f"{row.starts_at.astimezone(self.feeds.auto.zone):%Y-%m-%d}"
            assert day not in self.days, f"two on {day}"
            self.days.add(day)
            self.gone.add(number)

    def _writer_acts(self) -> None:
        with self.feeds.runtime.database.write() as session:
            for row in SeenPost.going(session, self.feed_id):
                if self.random.random() < 0.05 and row.letter_id is not None:
                    take_back(session, row.letter_id)
                    self.posts[self._number(row.title)].never_goes = True

    @staticmethod
    def _number(title: str) -> int:
        found = MARK.match(title)
        assert found is not None, title
        return int(found[1])


def play_histories(
    feeds: FeedsHarness, *, histories: int, looks: int, seed: int, tell: Callable[[int, int], None] | None = None
) -> int:
    """Play random histories, and return how many posts went by themselves; `tell` hears it after each."""
    went = 0
    for number in range(histories):
        name = f"b{seed}x{number}"
        went += FeedHistory(feeds, Random(f"{seed}/{number}"), name).play(looks)
        feeds.clock.move(timedelta(days=3))
        if tell is not None:
            tell(number + 1, went)
    return went
