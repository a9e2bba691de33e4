"""Feeds are read in a process of their own, and a feed that takes too long costs only that process."""

from __future__ import annotations

import pytest

from bench.feeds import made_up_feed
from service.core.feeds.feed_parsing import parse_feed
from service.core.feeds.feed_post import FeedRefusal, FeedRefusedError
from service.mail.sandbox.feed_reader import FeedReader

URL = "https://blog.example.org/feed"


def test_the_child_answers_the_feed_as_it_is_and_refuses_what_is_none() -> None:
    reader, data = FeedReader(), made_up_feed(2)
    try:
        assert reader.read(data, URL, "") == parse_feed(data, URL, "")
        with pytest.raises(FeedRefusedError) as refused:
            reader.read(b"<html>Are you a robot?</html>", URL, "text/html")
        assert refused.value.refusal is FeedRefusal.HTML
    finally:
        reader.close()


def test_a_feed_that_takes_too_long_is_refused_and_the_next_is_read() -> None:
    reader = FeedReader(wall_seconds=0.0)
    try:
        with pytest.raises(FeedRefusedError) as refused:
            reader.read(made_up_feed(50), URL, "")
        assert refused.value.refusal is FeedRefusal.TOO_MUCH
        reader.wall_seconds = 30.0
        assert len(reader.read(made_up_feed(2), URL, "").posts) == 2
    finally:
        reader.close()
