"""The body of a post, without what is not part of it: share bars, hidden pictures that count, and lines of plugins."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Final
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.core.letters.safe_html import clean_html, is_too_deep

_NOT_OF_THE_POST: Final = (
    "script, style, noscript, [hidden], [style*='display:none'], [style*='display: none'], .sharedaddy, .sd-sharing, "
    ".jp-relatedposts, .addtoany_share_save_container, .a2a_kit, .share-buttons, .social-share, .feedflare, "
    ".heateor_sss_sharing_container, .subscription-widget-wrap, .subscription-widget-wrap-editor, "
    ".subscription-widget, .kg-signup-card, .wp-block-jetpack-subscriptions, .sqs-block-socialaccountlinks-v2"
)
_BUTTONS: Final = ".button-wrapper a, .captioned-button-wrap a"
_LAZY: Final = ("data-src", "data-lazy-src", "data-original")
_DOTS: Final = {"0", "1", "0px", "1px"}
_COUNTING_PICTURE = re.compile(
    r"//pixel\.wp\.com/|/_/stat\?|//feeds\.feedburner\.com/~r/|//feeds\.wordpress\.com/1\.0/"
)
_APPEARED = re.compile(
    r"\s*(?:The post .* (?:appeared first|first appeared) on |Der Beitrag .* erschien zuerst auf |"
    r"[^\n]* was originally published in .* on Medium|L.article .* est apparu en premier sur )[^\n]*",
    re.DOTALL,
)
_CUT_END = re.compile(
    r"(?:…|\.\.\.|\[(?:…|\.\.\.)\]|\b(?:Read more|Continue reading|Read the (?:rest|full (?:post|story)))\b.{0,80})"
    r"[\s»→>.…]*$",
    re.IGNORECASE,
)
_SHORT: Final = 600  # characters; a description that is shorter is the beginning of a post
_INLINE_TAG = re.compile(r"</?(?:a|b|br|code|em|i|mark|small|span|strong|sub|sup|u|wbr)\b[^<>]*>", re.IGNORECASE)
_UNESCAPED_AT_MOST: Final = 5
_TAG = re.compile(r"<[a-zA-Z/!]")


def clean_post(html: str, base: str) -> str:
    """Return a post's body as clean HTML with whole addresses; relative ones are taken from `base`."""
    if not _TAG.search(html):
        html = _paragraphs_of(html)
    if not is_too_deep(html):
        html = _without_extras(html)
    return clean_html(html, lambda url: _absolute(base, url)).strip()


def words_of_post(html: str) -> str:
    """Return the words of clean HTML, with single spaces."""
    body = LexborHTMLParser(html).body
    return " ".join(body.text(separator=" ").split()) if body is not None else ""


def is_excerpt(text: str, *, is_whole: bool) -> bool:
    """Return whether words are only the beginning of a post; `is_whole` says that the feed calls them the content."""
    return _CUT_END.search(text[-120:]) is not None or (not is_whole and len(text) < _SHORT)


def with_the_rest(html: str, link: str) -> str:
    """Return the beginning of a post with a line that says so, and leads to the whole."""
    host = urlsplit(link).hostname or link
    rest = f'<p>This is the beginning. <a href="{escape(link)}">Read the rest at {escape(host)}</a></p>'
    return f"{html}\n{rest}"


def plain_title(title: str) -> str:
    """Return a title as words: unescaped until it stays the same, without elements."""
    for _ in range(_UNESCAPED_AT_MOST):
        unescaped = unescape(title)
        if unescaped == title:
            break
        title = unescaped
    return " ".join(_INLINE_TAG.sub("", title).split())


def _without_extras(html: str) -> str:
    root = LexborHTMLParser(html).body
    if root is None:
        return html
    for node in root.css(_NOT_OF_THE_POST):
        node.decompose()
    for link in root.css(_BUTTONS):
        href = link.attributes.get("href") or ""
        if "action=share" in href or "/subscribe" in href:
            link.decompose()
    for picture in root.css("img"):
        _mend_picture(picture)
    _remove_last_line(root)
    return root.inner_html or ""


def _mend_picture(picture: LexborNode) -> None:
    """Give a picture that is loaded late its address; remove one that only counts."""
    values = picture.attributes
    lazy = next((values[name] for name in _LAZY if values.get(name)), None)
    source = (lazy or values.get("src") or "").strip()
    is_dot = values.get("width") in _DOTS or values.get("height") in _DOTS
    if not source or source.startswith("data:") or is_dot or _COUNTING_PICTURE.search(source):
        picture.decompose()
    elif lazy:
        picture.attrs["src"] = source


def _remove_last_line(root: LexborNode) -> None:
    """Remove "The post X appeared first on Y", which WordPress and Medium put below each post."""
    paragraphs = root.css("p")
    if paragraphs and _APPEARED.fullmatch(paragraphs[-1].text()):
        paragraphs[-1].decompose()


def _paragraphs_of(text: str) -> str:
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    return "\n".join(f"<p>{part}</p>" for part in parts)


def _absolute(base: str, url: str) -> str | None:
    """Return a whole address; a link within the post stays, since it may lead to a footnote."""
    if url.startswith("#"):
        return url
    try:
        whole = urljoin(base, url.strip())
    except ValueError:
        return None
    return whole if whole.startswith(("http://", "https://")) else None
