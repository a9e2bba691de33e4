"""JSON Feed (jsonfeed.org, versions 1 and 1.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any, Final

from service.core.feeds.feed_post import FeedRefusal, FeedRefusedError
from service.core.feeds.raw_feed import RawFeed, RawPost, whole_link

_VERSION: Final = "https://jsonfeed.org/version/"


def read_json_feed(data: bytes, url: str) -> RawFeed:
    """Return the posts of a JSON Feed as they stand in it.

    Raises:
        FeedRefusedError: it is not a JSON Feed.
    """
    try:
        feed: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise FeedRefusedError(FeedRefusal.NO_FEED) from None
    if not isinstance(feed, dict) or not _text(feed, "version").startswith(_VERSION):
        raise FeedRefusedError(FeedRefusal.NO_FEED)
    items = feed.get("items")
    posts = tuple(_posts(items if isinstance(items, list) else [], url))
    return RawFeed(_text(feed, "title"), posts)


def _posts(items: list[Any], url: str) -> Iterator[RawPost]:
    for item in items:
        if not isinstance(item, dict):
            continue
        raw_id = item.get("id")
        body = _text(item, "content_html") or escape(_text(item, "content_text"))
        link = _text(item, "url") or _text(item, "external_url")
        yield RawPost(
            raw_id=str(raw_id) if isinstance(raw_id, str | int | float) else "",
            link=whole_link(url, link),
            title=_text(item, "title"),
            body=body or escape(_text(item, "summary")),
            is_whole=bool(body),
            date=_text(item, "date_published") or _text(item, "date_modified"),
        )


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
