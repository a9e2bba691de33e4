"""Posts of forty kinds as blogs write them: the HTML of each, and what a letter of it must say and must not hold."""

from __future__ import annotations

import tomllib
from typing import Any, Final

from service.config import ROOT
from service.core.feeds.post_html import clean_post

BASE: Final = "https://blog.example.org/2026/post"
_FILE = ROOT / "tests" / "data" / "feeds" / "posts" / "posts.toml"
POSTS: Final[list[dict[str, Any]]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))["post"]


def content_of(post: dict[str, Any]) -> str:
    """Return the content of a letter made of a post, as a feed's draft has it."""
    return clean_post(post["html"] * post.get("repeat", 1), BASE)
