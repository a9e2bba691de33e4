"""The words of HTML in journals, as light Markdown."""

from __future__ import annotations

import re
from typing import Final

from service.core.journal_import.reading.import_files import tidy_text
from service.core.replies.html.html_tree import html_lines
from service.core.replies.html.markdown import markdown
from service.core.replies.lines import clean

_TAG: Final = re.compile(
    r"<(?:p|br|div|b|i|strong|em|span|ul|ol|li|h[1-6]|a|img|html|blockquote)\b[^<>]*>", re.IGNORECASE
)
_GAPS: Final = re.compile(r"\n{3,}")


def is_html(text: str) -> bool:
    """Return whether a text has tags that a journal writes."""
    return _TAG.search(text) is not None


def words_of_html(html: str) -> str:
    """Return the words of HTML, with emphasis, links, lists and headings' lines as light Markdown."""
    lines = [markdown(line).rstrip() for line in html_lines(clean(html), None)]
    return _GAPS.sub("\n\n", tidy_text("\n".join(lines))).strip()


def words_of(text: str) -> str:
    """Return the words of a text that may or may not be HTML."""
    return words_of_html(text) if is_html(text) else tidy_text(text).strip()


def with_title(title: str, words: str) -> str:
    """Return words below their title; a title that the words repeat is not written twice."""
    title, words = tidy_text(title).strip(), words.strip()
    if not title or words.split("\n", 1)[0].lstrip("# ").strip() == title:
        return words
    return f"{title}\n\n{words}".strip()
