"""A person's words as HTML: emphasis, lists, quotations and links of light Markdown; all else as it was written.

White space stays (the words are shown with `pre-wrap`), and HTML in the words is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token

# What is longer, or full of marks, is shown as it was written: the parser's time may grow with the square of the marks.
LONGEST: Final = 20_000
MOST_MARKS: Final = 800
_MARKS: Final = "*_[~"
_DEEPEST: Final = 8
_ANY_MARK: Final = re.compile(r"[*_\[]|~~|^ {0,3}(?:>|[-+] |\d{1,9}[.)] )", re.MULTILINE)
_QUOTED: Final = re.compile(r" {0,3}> ?")
_LINK: Final = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_TAGS: Final = {"em": "em", "strong": "strong", "s": "s", "bullet_list": "ul", "list_item": "li"}


def words_as_html(text: str) -> str:
    """Return words as HTML, to stand in an element that keeps white space."""
    if not _is_marked(text):
        return escape(text)
    return "".join(_blocks(text.split("\n"), 0))


def line_as_html(text: str) -> str:
    """Return one line of words as HTML, with emphasis and links alone."""
    return _plain([text]) if _is_marked(text) else escape(text)


def _is_marked(text: str) -> bool:
    if len(text) > LONGEST or not _ANY_MARK.search(text):
        return False
    return sum(text.count(mark) for mark in _MARKS) <= MOST_MARKS


def _blocks(lines: list[str], depth: int) -> Iterator[str]:
    """Yield quotations, and what stands between them.

    Only marked lines belong to a quotation: with the lazy continuation lines of CommonMark, an answer below a quoted
    line would look like the words of somebody else.
    """
    is_first = True
    for is_quoted, group in groupby(lines, lambda line: depth < _DEEPEST and _QUOTED.match(line) is not None):
        part = [*group]
        if not is_first and not is_quoted:
            part = _without_first_blank(part)
        is_first = False
        if is_quoted:
            inner = [_QUOTED.sub("", line, count=1) for line in part]
            yield f'<blockquote class="note">{"".join(_blocks(inner, depth + 1))}</blockquote>'
        else:
            yield _text_and_lists(part)


def _text_and_lists(lines: list[str]) -> str:
    """Return lines without quotations; those that are in no list keep every blank and line end."""
    made: list[str] = []
    tokens = _PARSER.parse("\n".join(lines))
    at, plain_from = 0, 0
    while at < len(tokens):
        end = _end_of(tokens, at)
        first, last = tokens[at].map or (0, 0)
        if tokens[at].type != "paragraph_open":
            made += [_plain(lines[plain_from:first]), "".join(_nested(tokens[at : end + 1]))]
            while last > first and not lines[last - 1].strip():
                last -= 1
            plain_from = last + (last < len(lines) and not lines[last].strip())
        at = end + 1
    return "".join([*made, _plain(lines[plain_from:])])


def _without_first_blank(lines: list[str]) -> list[str]:
    """Return lines without a blank one at their start, since the block above them has space below it."""
    return lines[1:] if lines and not lines[0].strip() else lines


def _plain(lines: list[str]) -> str:
    """Return lines outside any list with emphasis and links."""
    return "".join(_inline(_PARSER.parseInline("\n".join(lines))[0].children or []))


def _end_of(tokens: list[Token], start: int) -> int:
    level = tokens[start].level
    return next(at for at in range(start, len(tokens)) if tokens[at].level == level and tokens[at].nesting <= 0)


def _nested(tokens: list[Token]) -> Iterator[str]:
    """Yield the HTML of a list; paragraphs within an item are told apart by their line ends."""
    for at, token in enumerate(tokens):
        name = token.type.removesuffix("_open").removesuffix("_close")
        if token.type == "inline":
            yield from _inline(token.children or [])
        elif name == "ordered_list":
            start = token.attrs.get("start") if token.nesting > 0 else None
            yield ("</ol>" if token.nesting < 0 else "<ol>" if start is None else f'<ol start="{int(start)}">')
        elif name in _TAGS:
            yield f"<{'/' if token.nesting < 0 else ''}{_TAGS[name]}>"
        elif token.type == "paragraph_close" and tokens[at + 1].type == "paragraph_open":
            yield "\n\n"


def _inline(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if name == "link":
            yield "</a>" if token.nesting < 0 else _opened_link(str(token.attrs.get("href", "")))
        elif name in _TAGS:
            yield f"<{'/' if token.nesting < 0 else ''}{_TAGS[name]}>"
        else:
            yield escape(token.content)


def _opened_link(url: str) -> str:
    return f'<a href="{escape(url)}" rel="noopener noreferrer nofollow">'


def _parser() -> MarkdownIt:
    """Return a parser of lists, emphasis and links to web pages and addresses, and of nothing else."""
    parser = MarkdownIt("zero").enable(["list", "emphasis", "strikethrough", "link"])
    parser.validateLink = lambda url: _LINK.match(url) is not None  # type: ignore[method-assign]  # its documented way
    return parser


_PARSER: Final = _parser()
