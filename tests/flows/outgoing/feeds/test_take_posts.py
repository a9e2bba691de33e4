"""What becomes of the posts of a feed: each becomes a draft once at most, whatever the feed does to its id and link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import func, select

from service.core.feeds.feed_post import FeedPost, ParsedFeed
from service.core.journal.photos import Picture
from service.flows.outgoing.feeds.feed_list import add_feed
from service.flows.outgoing.feeds.take_posts import take_posts
from service.flows.outgoing.letters.letter_drafts import LetterDraft, edit_draft, throw_away
from service.models import Letter, LetterFormat, LetterPicture, PostNote
from tests.harness.feeds.feeds import FeedsHarness, post

URL = "https://b.example.org/feed"


def dated(feeds: FeedsHarness, number: int, **more: object) -> FeedPost:
    return post(number, at=feeds.clock(), **more)


def test_the_first_look_offers_the_newest_and_no_other_ever(feeds: FeedsHarness) -> None:
    feed = feeds.add(URL)
    old = [post(number, at=feeds.clock() - timedelta(days=9 - number)) for number in range(5)]
    assert feeds.take(feed, old) == [PostNote.NEWEST]
    assert [title for title, _ in feeds.drafts()] == ["Post 4"]
    assert feeds.take(feed, old[::-1]) == []
    assert feeds.take(feed, [dated(feeds, 7)]) == [None]


def test_a_post_is_known_by_its_id_or_its_link(feeds: FeedsHarness) -> None:
    feed, other = feeds.add(URL), feeds.add("https://b.example.org/other")
    feeds.take(feed, [dated(feeds, 1)])
    feeds.take(other, [])
    for known in (
        dated(feeds, 1, raw_id="tag:new"),
        dated(feeds, 1, link="https://b.example.org/new-slug"),
        dated(feeds, 1, raw_id="tag:newer", link="http://www.b.example.org/1/?utm_source=x#y"),
        dated(feeds, 1, raw_id="tag:new", link="https://b.example.org/after-both"),
    ):
        assert feeds.take(feed, [known]) == []
        assert feeds.take(other, [known]) == []


def test_what_a_writer_should_know_stands_with_the_draft(feeds: FeedsHarness) -> None:
    feed = feeds.add(URL)
    feeds.take(feed, [dated(feeds, 1)])
    again = dated(feeds, 1, raw_id="tag:x", link="https://b.example.org/x")
    assert feeds.take(feed, [again]) == [PostNote.REPEAT]
    reused = post(2, at=feeds.clock() + timedelta(seconds=-1), raw_id="tag:1")
    assert feeds.take(feed, [reused]) == [PostNote.OLD_ID]
    assert feeds.take(feed, [post(3)]) == [PostNote.NO_DATE]
    assert feeds.take(feed, [post(4, has_date=True)]) == [PostNote.BAD_DATE]
    assert feeds.take(feed, [post(5, at=feeds.clock() - timedelta(days=3))]) == [PostNote.OLD]
    assert feeds.take(feed, [dated(feeds, 6, html="", text="")]) == [PostNote.EMPTY]
    assert feeds.take(feed, [dated(feeds, 7)], is_broken=True) == [PostNote.BROKEN]
    assert feeds.take(feed, [dated(feeds, number) for number in range(10, 14)]) == [PostNote.MANY] * 4


def test_a_post_whose_title_date_and_link_change_one_after_another_stays_one_post(feeds: FeedsHarness) -> None:
    feed = feeds.add(URL)
    at, link = feeds.clock(), "https://b.example.org/new"
    feeds.take(feed, [post(1, at=at), post(2, at=at + timedelta(seconds=1))])  # the older is only seen
    for known in (post(1, at=at, title="New"), post(1, title="New"), post(1, title="New", link=link)):
        assert feeds.take(feed, [known]) == []


def test_a_post_first_seen_without_a_link_stays_one_post(feeds: FeedsHarness) -> None:
    feed = feeds.add(URL)
    feeds.take(feed, [])
    assert feeds.take(feed, [post(1, link="", title="A new post")], is_broken=True) == [PostNote.BROKEN]
    assert feeds.take(feed, [dated(feeds, 1)]) == []
    assert feeds.take(feed, [dated(feeds, 1, link="https://b.example.org/new")]) == []


def test_a_post_dated_ahead_waits_and_becomes_a_draft_once(feeds: FeedsHarness) -> None:
    feed = feeds.add(URL)
    feeds.take(feed, [dated(feeds, 1)])
    ahead = post(2, at=feeds.clock() + timedelta(hours=5))
    assert feeds.take(feed, [ahead]) == []
    feeds.clock.move(timedelta(hours=6))
    assert feeds.take(feed, [ahead]) == [None]
    assert feeds.take(feed, [ahead]) == []


def test_a_repeat_that_waited_for_its_date_is_one_under_another_title_too(feeds: FeedsHarness) -> None:
    feed = feeds.add(URL)
    feeds.take(feed, [dated(feeds, 1)])
    new: dict[str, object] = {"raw_id": "tag:x", "link": "https://b.example.org/x"}
    at = feeds.clock() + timedelta(hours=5)
    assert feeds.take(feed, [post(1, at=at, **new)]) == []
    feeds.clock.move(timedelta(hours=6))
    assert feeds.take(feed, [post(1, at=at, title="Again", **new)]) == [PostNote.REPEAT]


def test_a_draft_follows_its_post_until_somebody_edits_it(feeds: FeedsHarness) -> None:
    feed = feeds.add(URL)
    feeds.take(feed, [dated(feeds, 1)])
    feeds.take(feed, [dated(feeds, 1, title="Better", html="<p>Better words.</p>")])
    assert feeds.drafts() == [("Better", "<p>Better words.</p>")]
    feeds.take(feed, [dated(feeds, 1, title="Cut", html="<p>Cut")], is_broken=True)
    feeds.take(feed, [])
    assert [title for title, _ in feeds.drafts()] == ["Better"]
    with feeds.runtime.database.write() as session:
        letter = Letter.newest(session, 1)[0]
        by_hand = LetterDraft(title="Mine", content="<p>My own.</p>", format=LetterFormat.HTML)
        edit_draft(session, letter.id, by_hand, feeds.clock())
    feeds.take(feed, [dated(feeds, 1, title="Best", html="<p>Best words.</p>")])
    assert feeds.drafts() == [("Mine", "<p>My own.</p>")]


def test_a_draft_that_was_thrown_away_does_not_come_back(feeds: FeedsHarness) -> None:
    feed = feeds.add(URL)
    feeds.take(feed, [dated(feeds, 1)])
    with feeds.runtime.database.write() as session:
        letter = Letter.newest(session, 1)[0]
        LetterPicture.put(session, letter.id, "a.jpg", Picture("image/jpeg", 1, 1, b"x"), feeds.clock())
        throw_away(session, letter.id)
    feeds.take(feed, [dated(feeds, 1)])
    feeds.take(feed, [dated(feeds, 1, title="Better", html="<p>Better words.</p>")])
    feeds.take(feed, [])
    assert feeds.drafts() == []
    with feeds.runtime.database.read() as session:
        assert session.scalar(select(func.count()).select_from(LetterPicture)) == 0


class _UndoneError(Exception):
    """Ends an example, and undoes it."""


CHANGES = st.tuples(st.integers(0, 6), st.sampled_from(["id", "link", ""]), st.sampled_from([None, -400, -1, 0, 3]))


def _play(feeds: FeedsHarness, looks: list[list[tuple[int, str, int | None]]]) -> None:
    names = {number: [f"tag:{number}", f"https://b.example.org/{number}"] for number in range(7)}
    drafted: list[str] = []
    never: set[str] = set()
    now = feeds.clock()
    with feeds.runtime.database.write() as session:
        feed = add_feed(session, URL, now)
        for place, look in enumerate(looks):
            now += timedelta(hours=1)
            shown = []
            for number, changed, day in look:
                if changed:
                    names[number][changed == "link"] += f"/{place}"
                raw_id, link = names[number]
                at, text = None if day is None else now + timedelta(days=day), f"Version {place} of {number}"
                shown.append(post(number, at=at, raw_id=raw_id, link=link, html=f"<p>{text}</p>", text=text))
            drafted += [row.title for row in take_posts(session, feed, ParsedFeed("F", tuple(shown)), now).drafts]
            feed.looked_at = now
            assert len(drafted) == len(set(drafted))
            if place == 0:
                assert len(drafted) <= 1
                ahead = {number for number, _, day in look if day == 3}
                never = {f"Post {number}" for number, *_ in look if number not in ahead} - set(drafted)
            assert not never & set(drafted)
        raise _UndoneError


@given(st.lists(st.lists(CHANGES, max_size=5), min_size=2, max_size=6))
@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_history_of_a_feed_makes_a_post_twice(
    feeds: FeedsHarness, looks: list[list[tuple[int, str, int | None]]]
) -> None:
    """Each look shows some posts, in any order, any of them with a new id or a new link, another date, other words."""
    with pytest.raises(_UndoneError):
        _play(feeds, looks)
