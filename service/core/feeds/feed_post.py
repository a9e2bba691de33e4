"""The posts of a feed as one common value, whatever the feed's format, and how a post is known again."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

_START_CHARACTERS: Final = 500  # of a text; two posts that share them and the title may be the same
_TRACKING: Final = ("utm_",)
_SOURCE_OF_MEDIUM: Final = "rss-"
_GLOBAL_ID = re.compile(r"[a-z][a-z0-9+.-]*:|.{20}", re.IGNORECASE)


class FeedRefusal(StrEnum):
    """Why what was answered at a feed's address is not read as a feed."""

    HTML = "html"
    NO_FEED = "no_feed"
    ENTITIES = "entities"
    TOO_MUCH = "too_much"


class FeedRefusedError(Exception):
    """What was answered is no feed that can be read."""

    def __init__(self, refusal: FeedRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class FeedPost:
    """A post: `html` is clean and has whole addresses, `raw_id` is as the feed has it, `text` the words alone.

    `published_at` (UTC) is None where the feed has no date, or one that cannot be read (`has_date` tells which).
    """

    raw_id: str
    link: str
    title: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    published_at: datetime | None = None
    has_date: bool = False
    is_excerpt: bool = False

    @property
    def id_key(self) -> bytes | None:
        """Return the key of its id, or None if it has none.

        A short id such as "12" says nothing by itself, so it counts together with the host of the link.
        """
        if not self.raw_id:
            return None
        place = "" if _GLOBAL_ID.match(self.raw_id) else _host(self.link)
        return _hash("id", place, self.raw_id)

    @property
    def link_key(self) -> bytes | None:
        """Return the key of its link, or None if it has none."""
        return _hash("link", compared_link(self.link)) if self.link else None

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Return the keys by any of which it is known again."""
        return tuple(key for key in (self.id_key, self.link_key) if key is not None)

    @property
    def start_hash(self) -> bytes:
        """Return the hash of its title and of the first 500 characters of its words."""
        return _hash("start", self.title.casefold(), self.text[:_START_CHARACTERS])

    @property
    def content_hash(self) -> bytes:
        """Return the hash of all that a letter is made from."""
        return _hash("content", self.title, self.html, self.link)


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed: its posts in its own order, and whether it was broken, so that something may be missing."""

    title: str
    posts: tuple[FeedPost, ...] = field(repr=False)
    is_broken: bool = False


def compared_link(link: str) -> str:
    """Return the form in which links are compared: no scheme, `www.`, last `/`, fragment, or mark of a campaign."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return link.strip()
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.lower().startswith(_TRACKING) and not (name == "source" and value.startswith(_SOURCE_OF_MEDIUM))
    ]
    place = (parts.netloc.lower().removeprefix("www.") + parts.path).rstrip("/")
    return f"{place}?{urlencode(query)}" if query else place


def _host(link: str) -> str:
    return compared_link(link).partition("/")[0]


def _hash(*parts: str) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.digest()
