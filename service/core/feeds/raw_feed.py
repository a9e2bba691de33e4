"""A feed as it stands in its file, before its posts are cleaned."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin


@dataclass(frozen=True, slots=True)
class RawPost:
    """A post of a feed; `body` is HTML, `is_whole` says that the feed calls it the content, `base` its `xml:base`."""

    raw_id: str
    link: str
    title: str
    body: str = field(repr=False)
    is_whole: bool
    date: str
    base: str = ""


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A feed; `is_broken` says that its XML is not well-formed, so that something may be missing."""

    title: str
    posts: tuple[RawPost, ...] = field(repr=False)
    is_broken: bool = False


def whole_link(base: str, link: str) -> str:
    """Return a link of a feed as a whole address; "" if it is missing or not an address."""
    try:
        return urljoin(base, link) if link else ""
    except ValueError:  # such as http://[bad
        return ""
