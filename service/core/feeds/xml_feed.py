"""RSS and Atom of every version, read by feedparser from bytes: it fetches nothing and changes no id and no address."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from html import escape
from typing import Any, Final
from xml.parsers import expat

import feedparser

from service.core.feeds.feed_post import FeedRefusal, FeedRefusedError
from service.core.feeds.raw_feed import RawFeed, RawPost, whole_link

_HTML_START = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--.*?-->\s*)*\Z", re.IGNORECASE | re.DOTALL)
_ENTITY: Final = b"<!entity"
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)
_XML_TYPES: Final = ("text/html", "application/xhtml+xml")
_HARMLESS: Final = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)


def read_xml_feed(data: bytes, url: str, content_type: str) -> RawFeed:
    """Return the posts of an RSS or Atom feed as they stand in it; what is broken is read as far as it can be.

    The last post of a feed that ends too early is left out.

    Raises:
        FeedRefusedError: it is not a feed, or it defines entities, by which a small file can grow without end.
    """
    if _HTML_START.match(data.removeprefix(b"\xef\xbb\xbf")[:5_000]):
        raise FeedRefusedError(FeedRefusal.HTML)
    if _defines_entities(data):
        raise FeedRefusedError(FeedRefusal.ENTITIES)
    charset = _CHARSET.search(content_type)
    # Without a charset `text/xml` would mean ASCII (RFC 3023), which no blog means.
    sent_type = "application/xml" + (f"; charset={charset[1]}" if charset else "")
    # A stream, since text and bytes could also be an address or a file's name.
    found = feedparser.parse(
        io.BytesIO(data), response_headers={"content-type": sent_type}, resolve_relative_uris=False, sanitize_html=False
    )
    if not found.get("version") and not found.entries:
        raise FeedRefusedError(FeedRefusal.NO_FEED)
    is_broken = bool(found.bozo) and not isinstance(found.get("bozo_exception"), _HARMLESS)
    # Where a feed ends too early, so may its last post: with a part of its id, its link or its words.
    whole = found.entries[:-1] if is_broken and not _END.search(data) else found.entries
    return RawFeed(str(found.feed.get("title", "")), tuple(_post(entry, url) for entry in whole), is_broken)


def _post(entry: Mapping[str, Any], url: str) -> RawPost:
    body, is_whole = _body(entry)
    # Where a service counts clicks on the links of a feed, this is the post's own address.
    link = str(entry.get("feedburner_origlink") or entry.get("link") or "").strip()
    # By `in`, since feedparser answers the one date for the other.
    dates = [str(entry[name]) for name in ("published", "updated", "created") if name in entry]
    return RawPost(
        raw_id=str(entry.get("id") or "").strip(),
        link=whole_link(url, link),
        title=str(entry.get("title") or ""),
        body=body["value"],
        is_whole=is_whole,
        date=next(filter(None, dates), ""),
        base=body["base"],
    )


def _body(entry: Mapping[str, Any]) -> tuple[dict[str, str], bool]:
    """Return the content of a post, and True; without one its description, and False."""
    contents = [_html_of(content) for content in entry.get("content") or ()]
    whole = max(contents, key=lambda content: len(content["value"]), default=None)
    summary = _html_of(entry.get("summary_detail") or {})
    # feedparser calls a description the content of a post that has a summary too, in either order.
    if whole is None or not whole["value"].strip():
        return summary, False
    return whole, True


def _html_of(detail: Mapping[str, Any]) -> dict[str, str]:
    value, kind = str(detail.get("value") or ""), str(detail.get("type") or "text/html")
    if kind == "text/plain":
        value = escape(value)
    elif kind not in _XML_TYPES:
        value = ""
    return {"value": value, "base": str(detail.get("base") or "")}


def _defines_entities(data: bytes) -> bool:
    """Return whether entities are defined before the feed begins, in any encoding."""
    found = []

    class _BegunError(Exception):
        """The root element has begun."""

    def stop(*_: object) -> None:
        raise _BegunError

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = lambda *_: found.append(True)
    parser.StartElementHandler = stop
    try:
        parser.Parse(data, True)
    except _BegunError:
        return bool(found)
    except (expat.ExpatError, ValueError):
        # Not well-formed before it begins, or in an encoding that this parser has not: better refused than guessed.
        return bool(found) or _ENTITY in data.replace(b"\0", b"").lower()
    return bool(found)
