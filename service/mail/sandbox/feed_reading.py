"""Reading feeds in a process of its own, limited in time and memory.

Run as `python -m service.mail.sandbox.feed_reading` by the `FeedReader`. A question is a line of JSON, then the bytes
of the feed; an answer is JSON.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any

from service.core.feeds.feed_parsing import parse_feed
from service.core.feeds.feed_post import FeedPost, FeedRefusal, FeedRefusedError, ParsedFeed
from service.mail.sandbox.child_server import serve


def question(data: bytes, url: str, content_type: str) -> bytes:
    """Return a feed encoded for the reading process."""
    return json.dumps([url, content_type]).encode("ascii") + b"\n" + data


def answer_to(asked: bytes) -> bytes:
    """Return the answer to a question."""
    head, _, data = asked.partition(b"\n")
    url, content_type = json.loads(head)
    try:
        feed = parse_feed(data, url, content_type)
    except FeedRefusedError as refused:
        return json.dumps({"refused": refused.refusal}).encode("ascii")
    except Exception:  # noqa: BLE001 - a feed may make a parser raise anything
        return json.dumps({"refused": FeedRefusal.NO_FEED}).encode("ascii")
    return json.dumps(asdict(feed), default=datetime.isoformat).encode("ascii")


def answered(answer: bytes) -> ParsedFeed:
    """Return the feed in an answer.

    Raises:
        FeedRefusedError: it is no feed that can be read.
    """
    values: dict[str, Any] = json.loads(answer)
    if "refused" in values:
        raise FeedRefusedError(FeedRefusal(values["refused"]))
    posts = tuple(_post(post) for post in values.pop("posts"))
    return ParsedFeed(**values, posts=posts)


def _post(values: dict[str, Any]) -> FeedPost:
    at = values.pop("published_at")
    return FeedPost(**values, published_at=datetime.fromisoformat(at) if at else None)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, answer_to)
