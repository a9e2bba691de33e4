"""Looking at a feed over HTTP: what is new becomes a draft with its pictures; what fails is said, and tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.flows.outgoing.feeds.feed_list import pause_feed, remove_feed
from service.flows.outgoing.feeds.feed_looker import Look
from service.flows.outgoing.letters.letter_drafts import LetterError
from service.models import Feed, Letter, LetterPicture, WriterMail
from tests.harness.feeds.blogs import Answer, Blog, running_blog
from tests.harness.feeds.feeds import FeedsHarness, rss
from tests.harness.mail.pictures import encoded, picture

HALF_AN_HOUR = timedelta(minutes=36)


@pytest.fixture
def blog() -> Iterator[Blog]:
    with running_blog() as found:
        yield found


def mails(feeds: FeedsHarness) -> list[str]:
    with feeds.runtime.database.read() as session:
        return [mail.kind for mail in session.scalars(select(WriterMail).order_by(WriterMail.planned_at))]


def test_a_new_post_becomes_a_draft_with_its_pictures_once(feeds: FeedsHarness, blog: Blog) -> None:
    address = f"{blog.url}/pond.jpg"
    blog.answers["/pond.jpg"] = Answer(encoded(picture()))
    validators = {"ETag": '"1"', "Last-Modified": "Sun, 29 Nov 2026 08:00:00 GMT"}
    blog.answers["/feed"] = Answer(rss(("1", "Ice"), ("2", "Moss")), headers=validators)
    feed = feeds.add(f"{blog.url}/feed")
    assert feeds.look(feed) == Look(drafts=1)
    assert mails(feeds) == []
    blog.answers["/feed"] = Answer(status=304, headers={"ETag": '"2"'})
    assert feeds.look(feed, later=HALF_AN_HOUR) == Look(is_unchanged=True)
    body = f'<p>Words {"and words " * 80}</p><img src="{address}" alt="The pond">'
    blog.answers["/feed"] = Answer(rss(("3", "Salt"), ("1", "Ice"), body=body))
    assert feeds.look(feed, later=HALF_AN_HOUR) == Look(drafts=1)
    assert feeds.look(feed, later=HALF_AN_HOUR) == Look()
    with feeds.runtime.database.read() as session:
        letter = session.scalar(select(Letter).where(Letter.title == "Salt"))
        assert letter is not None
        assert (letter.state, letter.canonical_url) == ("draft", "https://b.example.org/3")
        assert [stored.name for stored in LetterPicture.of_letter(session, letter.id)] == [address]
    assert mails(feeds) == ["feed_drafts"]
    asked = [asked for asked in blog.asked if asked[":path"] == "/feed"]
    assert [row.get("if-none-match") for row in asked] == [None, '"1"', '"2"', '"2"']
    assert asked[1]["if-modified-since"] == validators["Last-Modified"]
    feeds.look(feed, later=timedelta(hours=25))
    assert "if-none-match" not in blog.asked[-1]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(b"<!doctype html><html>Are you a robot?</html>"), "html"),
        (Answer(status=403), "forbidden"),
        (Answer(status=404), "not_found"),
        (Answer(status=503, headers={"Retry-After": "7200"}), "server_error"),
    ],
    ids=["bot check", "403", "404", "503"],
)
def test_a_feed_that_cannot_be_read_is_never_an_empty_one(
    feeds: FeedsHarness, blog: Blog, answer: Answer, problem: str
) -> None:
    blog.answers["/feed"] = answer
    feed = feeds.add(f"{blog.url}/feed")
    assert feeds.look(feed) == Look(problem=problem)
    stored = feeds.feed(feed)
    assert (stored.problem, stored.looked_at) == (problem, None)
    assert stored.next_look_at == feeds.clock() + timedelta(minutes=120 if answer.headers else 30)
    assert feeds.look(feed) == Look(problem=problem)
    assert feeds.feed(feed).next_look_at == feeds.clock() + timedelta(minutes=120 if answer.headers else 60)


def test_the_writers_are_told_once_after_three_days_or_when_a_feed_is_gone(feeds: FeedsHarness, blog: Blog) -> None:
    feed = feeds.add(f"{blog.url}/feed")
    for hours in (0, 71, 2, 24):
        feeds.look(feed, later=timedelta(hours=hours))
    assert mails(feeds) == ["feed_failing"]
    blog.answers["/gone"] = Answer(status=410)
    gone = feeds.add(f"{blog.url}/gone")
    assert feeds.look(gone) == Look(problem="gone")
    assert feeds.feed(gone).state == "gone"
    assert feeds.looker.look(gone, at_once=True) is None
    assert mails(feeds) == ["feed_failing", "feed_failing"]


def test_a_feed_moves_after_three_permanent_redirects_and_is_seen_anew(feeds: FeedsHarness, blog: Blog) -> None:
    blog.answers["/old"] = Answer(status=301, headers={"Location": "/new"})
    blog.answers["/new"] = Answer(rss(("1", "Ice")))
    feed = feeds.add(f"{blog.url}/old")
    for _ in range(3):
        assert feeds.feed(feed).url == f"{blog.url}/old"
        feeds.look(feed, later=HALF_AN_HOUR)
    assert (feeds.feed(feed).url, feeds.feed(feed).looked_at) == (f"{blog.url}/new", None)
    blog.answers["/new"] = Answer(rss(("1", "Ice"), ("2", "Moss"), ("3", "Salt")))
    assert feeds.look(feed, later=HALF_AN_HOUR) == Look(drafts=1)


def test_a_feed_is_due_each_half_hour_and_never_while_it_rests(feeds: FeedsHarness, blog: Blog) -> None:
    blog.answers["/feed"] = Answer(rss(("1", "Ice")))
    feed = feeds.add(f"{blog.url}/feed")
    with feeds.runtime.database.write() as session:
        assert Feed.find_unqueued(session, feeds.clock(), timedelta(seconds=45), 9) == [feed]
        assert Feed.find_unqueued(session, feeds.clock(), timedelta(seconds=45), 9) == []
    assert feeds.looker.work(feed) == ()
    assert feeds.looker.look(feed) is None
    with feeds.runtime.database.write() as session:
        later = feeds.clock() + HALF_AN_HOUR
        assert Feed.find_unqueued(session, feeds.clock(), timedelta(seconds=45), 9) == []
        assert Feed.find_unqueued(session, later, timedelta(seconds=45), 9) == [feed]
        pause_feed(session, feed)
        assert Feed.find_unqueued(session, later + timedelta(hours=1), timedelta(seconds=45), 9) == []
    assert feeds.looker.look(feed, at_once=True) is None


def test_the_same_feed_is_added_once_and_its_posts_stay_known(feeds: FeedsHarness, blog: Blog) -> None:
    blog.answers["/feed"] = Answer(rss(("1", "Ice")))
    feed = feeds.add(f"{blog.url}/feed")
    feeds.look(feed)
    for url in (f"{blog.url}/feed/", "ftp://b.example.org/", "https://me:secret@b.example.org/feed", "feed"):
        with pytest.raises(LetterError):
            feeds.add(url)
    with feeds.runtime.database.write() as session:
        remove_feed(session, feed)
    assert feeds.add(f"{blog.url}/feed") == feed
    assert feeds.look(feed) == Look()
