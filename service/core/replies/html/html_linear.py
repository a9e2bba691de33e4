"""The text of HTML that is too large or too deep for a tree, found in one pass."""

from html import unescape

from service.core.replies.lines import Hint, Line

_BREAKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt",
        "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
        "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul",
    }
)  # fmt: skip
_UNREAD = frozenset({"script", "style", "title", "head"})
_INLINE, _BREAK, _SKIPPED, _ADDRESS = range(4)
_NAME_LETTERS = 40


def linear_lines(html: str) -> list[Line]:
    """Return the lines of any text with tags, in linear time; no word is lost."""
    return _Scanner(html).read()


class _Scanner:
    def __init__(self, html: str) -> None:
        self._html = html
        self._lines: list[Line] = []
        self._text: list[str] = []
        self._depth = 0
        self._missing: set[str] = set()
        self._names: dict[str, tuple[str, int]] = {}

    def read(self) -> list[Line]:
        html, at = self._html, 0
        while (start := html.find("<", at)) >= 0:
            if start > at:
                self._text.append(html[at:start])
            at = self._tag(start)
        self._text.append(html[at:])
        self._end_line()
        return self._lines

    def _tag(self, start: int) -> int:
        """Handle the tag or text that begins at `<`; return where to continue."""
        html = self._html
        first = html[start + 1 : start + 2]
        if first == "!" and html.startswith("<!--", start):
            return self._after("-->", start + 4)
        end = self._find(">", start) if first.isalpha() or first in {"/", "!", "?"} else -1
        if end < 0:
            self._text.append("<")
            return start + 1
        tag = html[start + 1 : min(end, start + _NAME_LETTERS)]
        name, kind = self._names[tag] if tag in self._names else self._names.setdefault(tag, _named(tag))
        if kind == _INLINE:
            return end + 1
        if kind == _ADDRESS:
            self._text.append(html[start : end + 1])
        elif kind == _SKIPPED:
            return self._after(f"</{name}", end + 1)
        else:
            self._end_line()
            if name.lstrip("/") == "blockquote":
                self._depth = max(0, self._depth + (-1 if name[0] == "/" else 1))
        return end + 1

    def _after(self, mark: str, start: int) -> int:
        """Return the index after `mark`, or `start` if the mark does not occur."""
        found = self._find(mark, start)
        return start if found < 0 else found + len(mark)

    def _find(self, mark: str, start: int) -> int:
        # Search only once to the end for each absent mark, not once for each tag.
        if mark in self._missing:
            return -1
        found = self._html.find(mark, start)
        if found < 0:
            self._missing.add(mark)
        return found

    def _end_line(self) -> None:
        if not self._text and not (self._lines and self._lines[-1].text):
            return
        text = " ".join(unescape("".join(self._text)).split())
        self._text.clear()
        if text or (self._lines and self._lines[-1].text):
            hint = Hint.CITED if self._depth else Hint.NONE
            self._lines.append(Line(text, text, self._depth, hint))


def _named(tag: str) -> tuple[str, int]:
    """Return the name at the beginning of a tag, a closing one with its slash, and what the tag does."""
    words = tag.lower().split(None, 1)
    name = words[0].rstrip("/") if words else ""
    if "@" in name:
        return name, _ADDRESS
    if name in _UNREAD:
        return name, _SKIPPED
    return name, _BREAK if name.lstrip("/") in _BREAKS else _INLINE
