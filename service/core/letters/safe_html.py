"""HTML with nothing in it that runs or is loaded: only the elements and attributes that a letter is read from."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import nh3

_TAGS: Final = (
    "a abbr address article aside audio b blockquote br caption center cite code dd del details dfn div dl dt em embed "
    "fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr i iframe img ins kbd li main mark menu nav "
    "object ol p pre q rp rt ruby s samp section small source span strike strong sub summary sup table tbody td tfoot "
    "th thead tr tt u ul var video wbr"
)
# What is in them are no words of the post.
_EMPTIED: Final = frozenset({"script", "style", "noscript", "template", "svg", "math", "head", "title", "select"})
_ATTRIBUTES: Final = {
    "a": {"href", "id"},
    "audio": {"src", "title"},
    "embed": {"src", "title"},
    "form": {"action", "title"},
    "iframe": {"src", "title"},
    "img": {"src", "alt"},
    "li": {"id"},
    "object": {"data", "title"},
    "ol": {"start", "role"},
    "section": {"role"},
    "div": {"role"},
    "source": {"src"},
    "video": {"src", "title"},
}
# The classes by which footnotes are known.
_NOTES: Final = {"footnotes", "footnote", "wp-block-footnotes"}
_CLASSES: Final = dict.fromkeys(("div", "ol", "section"), _NOTES)
_SCHEMES: Final = {"http", "https", "mailto"}
# The parsers take time that grows with the square of the depth: 50,000 elements in each other are more than a minute.
DEPTH: Final = 300
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")
_SINGLE: Final = "area br col dd dt embed hr img input li link meta p source td th tr wbr"
_NOT_DEEPER: Final = frozenset(_SINGLE.split())


def clean_html(html: str, absolute: Callable[[str], str | None] | None = None) -> str:
    """Return HTML with only what a letter is read from; the words of all other elements stay.

    `absolute` returns the whole address for a relative one, or None to leave it out; without it they stay as they are.
    What is nested deeper than any post is only words.
    """
    return nh3.clean(
        _TAG.sub(" ", html) if is_too_deep(html) else html,
        tags=set(_TAGS.split()),
        clean_content_tags=set(_EMPTIED),
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes=set(_SCHEMES),
        url_relative=absolute or "pass_through",
        link_rel=None,
    )


def is_too_deep(html: str) -> bool:
    """Return whether more elements may stand within each other than any post has."""
    depth = 0
    for end, name in _TAG.findall(html):
        if name.lower() not in _NOT_DEEPER:
            depth = max(0, depth + (-1 if end else 1))
            if depth > DEPTH:
                return True
    return False
