"""Pictures that an HTML mail shows only in a quotation or a signature."""

from __future__ import annotations

from urllib.parse import unquote

import re2

from service.core.replies.client_phrases import ClientPhrases
from service.core.replies.lines import clean
from service.core.replies.reader import read_words
from service.core.replies.values import SentEmail

_REFERENCE = re2.compile(r"""(?i)\bcid:([^"'\s<>]{1,250})""")
_LONGEST_TAG = 4_000
_MOST_REFERENCES = 200


def aside(html: str | None, sent: SentEmail | None, phrases: ClientPhrases) -> frozenset[str]:
    """Return the content ids of pictures that are only in a quotation or a signature.

    Each picture is replaced by a mark, and the mail is read again: a mark that is left out was in a quotation or a
    signature. Pictures that the HTML does not show are not returned.
    """
    marked, content_ids = _marked(clean(html or ""))
    if not content_ids:
        return frozenset()
    words = read_words(None, marked, sent, phrases)
    kept = words.text + words.over
    left_out = "\n".join(piece.text for piece in words.trimmed)
    standing = {content_id for number, content_id in enumerate(content_ids) if _mark(number) in kept}
    gone = {content_id for number, content_id in enumerate(content_ids) if _mark(number) in left_out}
    return frozenset(gone - standing)


def _marked(html: str) -> tuple[str, list[str]]:
    """Return the HTML with a mark instead of each picture, and the content ids in the order of the marks."""
    parts: list[str] = []
    content_ids: list[str] = []
    done = 0
    for found in _REFERENCE.finditer(html):
        start = html.rfind("<", max(done, found.start() - _LONGEST_TAG), found.start())
        end = html.find(">", found.end(), found.end() + _LONGEST_TAG)
        if start < 0 or end < 0 or html[start : start + 4].lower() != "<img":
            continue
        parts += [html[done:start], f" {_mark(len(content_ids))} "]
        content_ids.append(unquote(found.group(1)))
        done = end + 1
        if len(content_ids) >= _MOST_REFERENCES:
            break
    return "".join([*parts, html[done:]]), content_ids


def _mark(number: int) -> str:
    return f"qzpicture{number}zq"
