"""The blog's feeds at the desk: how each stands, in plain words, and what a writer does with one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from service.core.feeds.feed_words import PROBLEMS
from service.flows.desk.desk_log import DeskActionName
from service.flows.outgoing.feeds import feed_list
from service.models import Feed, FeedMode, FeedPause, FeedState, SeenPost

MOST_POSTS = 20
_CHANGES: Final[Mapping[DeskActionName, Callable[[Session, int, datetime], None]]] = {
    DeskActionName.FEED_PAUSED: lambda session, feed_id, _: feed_list.pause_feed(session, feed_id),
    DeskActionName.FEED_RESUMED: feed_list.resume_feed,
    DeskActionName.FEED_REMOVED: lambda session, feed_id, _: feed_list.remove_feed(session, feed_id),
    DeskActionName.FEED_MADE_AUTOMATIC: lambda session, feed_id, _: feed_list.set_mode(session, feed_id, FeedMode.AUTO),
    DeskActionName.FEED_MADE_DRAFTS: lambda session, feed_id, _: feed_list.set_mode(session, feed_id, FeedMode.DRAFT),
}


@dataclass(frozen=True, slots=True)
class DeskFeed:
    """A feed, how it stands in words, and the posts found last that became letters or wait for their date."""

    feed: Feed
    state: str
    posts: Sequence[SeenPost]

    @property
    def found_last_at(self) -> datetime | None:
        """Return when something new was found last, None if nothing was."""
        return self.posts[0].found_at if self.posts else None


def list_feeds(session: Session) -> list[DeskFeed]:
    """Return the feeds that were not removed, the oldest first."""
    posts = SeenPost.newest_drafts(session, MOST_POSTS)
    return [
        DeskFeed(feed, state_words(feed), [post for post in posts if post.feed_id == feed.id])
        for feed in Feed.list_all(session)
    ]


def change_feed(session: Session, feed_id: int, name: DeskActionName, now: datetime) -> Feed:
    """Do with a feed what the action says, and return it.

    Raises:
        LetterError: there is no such feed, or this cannot be done with it as it is.
    """
    _CHANGES[name](session, feed_id, now)
    return session.get_one(Feed, feed_id)


def state_words(feed: Feed) -> str:
    """Return how a feed stands, as a sentence."""
    match feed.state:
        case FeedState.PAUSED if feed.paused_because == FeedPause.OLD_COPY:
            return (
                "It’s paused, because this database may be an old copy, and what’s new here may have gone already. "
                "Once it goes on, what’s in the feed counts as seen."
            )
        case FeedState.PAUSED:
            return "It’s paused."
    if feed.problem:
        return f"It can’t be read. {PROBLEMS[feed.problem]}."
    return "It hasn’t been read yet." if feed.looked_at is None else "All is well."
