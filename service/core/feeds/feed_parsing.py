"""From the bytes of a feed to its posts, cleaned: RSS, Atom and JSON Feed."""

from __future__ import annotations

from html import escape
from typing import Final

from service.core.feeds.feed_dates import read_date
from service.core.feeds.feed_post import FeedPost, ParsedFeed
from service.core.feeds.json_feed import read_json_feed
from service.core.feeds.post_html import clean_post, is_excerpt, plain_title, with_the_rest, words_of_post
from service.core.feeds.raw_feed import RawPost
from service.core.feeds.xml_feed import read_xml_feed
from service.core.letters.xml_characters import without_controls

MOST_POSTS: Final = 500
LONGEST_HTML_BYTES: Final = 180_000  # a letter's source may be 200 kB
LONGEST_TITLE: Final = 200
_LONGEST_VALUE: Final = 2_000  # of an id or a link
_TITLE_FROM_TEXT: Final = 60
_BEGINNING: Final = 600


def parse_feed(data: bytes, url: str, content_type: str) -> ParsedFeed:
    """Return the feed that was answered at `url`, with up to 500 of its posts.

    Raises:
        FeedRefusedError: it is no feed, or one that is not read.
    """
    is_json = "json" in content_type.lower() or data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    raw = read_json_feed(data, url) if is_json else read_xml_feed(data, url, content_type)
    posts = [_post(post, url) for post in raw.posts[:MOST_POSTS]]
    return ParsedFeed(
        without_controls(plain_title(raw.title))[:LONGEST_TITLE], tuple(filter(None, posts)), raw.is_broken
    )


def _post(raw: RawPost, url: str) -> FeedPost | None:
    """Return a post cleaned, or None if nothing tells it from another."""
    link = without_controls(raw.link)[:_LONGEST_VALUE] if raw.link.startswith(("http://", "https://")) else ""
    raw_id = raw.raw_id[:_LONGEST_VALUE]
    if not raw_id and not link:
        return None
    html = clean_post(without_controls(raw.body), raw.base or link or url)
    text = words_of_post(html)
    is_beginning = bool(text) and is_excerpt(text, is_whole=raw.is_whole)
    if len(html.encode()) > LONGEST_HTML_BYTES:
        html, is_beginning = f"<p>{escape(text[:_BEGINNING])}…</p>", True
    if is_beginning and link:
        html = with_the_rest(html, link)
    return FeedPost(
        raw_id=raw_id,
        link=link,
        title=_title(raw.title, text),
        html=html,
        text=text[:LONGEST_HTML_BYTES],
        published_at=read_date(raw.date) if raw.date else None,
        has_date=bool(raw.date),
        is_excerpt=is_beginning,
    )


def _title(title: str, text: str) -> str:
    """Return the title of a post; without one the beginning of its words."""
    found = without_controls(plain_title(title))
    if not found:
        found = text if len(text) <= _TITLE_FROM_TEXT else text[:_TITLE_FROM_TEXT].rpartition(" ")[0] + " …"
    if len(found) > LONGEST_TITLE:
        found = found[: LONGEST_TITLE - 1] + "…"
    return found or "A new post"
