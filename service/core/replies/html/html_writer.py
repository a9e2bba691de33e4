"""The writer of lines from HTML elements: white space, breaks, lists and marks."""

from typing import NamedTuple

from service.core.replies.lines import (
    END,
    LINK,
    RULE,
    TARGET,
    Hint,
    Line,
)

_EMOJI_LENGTH = 16  # some emoji are several characters, joined
_PREFORMATTED_LINES = 5_000  # of one text that are written one by one; a reply is read up to fewer
_REPEATED_TARGETS = 100_000  # characters of links that are written again on each further line of theirs


class WriterState(NamedTuple):
    """The state inside the open elements."""

    depth: int = 0
    hint: int = Hint.NONE
    box: int = 0
    pre: bool = False

    def inside(self, *, depth: bool, hint: int, pre: bool, box: int) -> "WriterState":
        """Return the state inside one more element."""
        return WriterState(self.depth + depth, self.hint | hint, self.box or box, self.pre or pre)


class LineWriter:
    """Writes lines, each as plain text and as text with marks; most lines have no mark."""

    def __init__(self) -> None:
        self.state = WriterState()
        self._lines: list[Line] = []
        self._text: list[str] = []
        self._marked: list[str] = []
        self._has_marks = False
        self._toggles: list[str] = []
        self._links: list[str] = []
        self._lists: list[int | None] = []
        self._prefix = ""
        self._gap = False
        self._boxes = 0
        self._repeated = 0

    def finish(self) -> list[Line]:
        """Return all lines."""
        self.line_break()
        return self._lines

    def next_box(self) -> int:
        """Return a number for a container."""
        self._boxes += 1
        return self._boxes

    def write(self, text: str) -> None:
        """Add text; white space collapses as in a browser, except in preformatted text."""
        if self.state.pre:
            first, *rest = text.split("\n", _PREFORMATTED_LINES)
            self._add(first)
            for more in rest:
                self.end_line()
                self._add(more)
            return
        text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ").replace("\f", " ")
        while "  " in text:
            text = text.replace("  ", " ")
        if text[:1] == " " and (not self._text or self._text[-1][-1:] == " "):
            text = text[1:]
        self._add(text)

    def _add(self, text: str) -> None:
        if text:
            self._text.append(text)
            self._marked.append(text)

    def end_line(self) -> None:
        """End the line here, even an empty one."""
        text = "".join(self._text)
        if "\u00a0" in text:
            text = _plain_spaces(text)
        if text.strip() == "--" and text.startswith("-- "):
            text = "-- "  # the signature delimiter, with its space
        else:
            text = text.rstrip() if self.state.pre else text.strip(" ")
        shown = text.strip("\ufeff\u200b ")
        prefix = self._prefix if shown else ""
        marked = ""
        if shown:
            self._keep_gap()
            self._prefix = " " * len(prefix)
            if self._has_marks:
                marked = prefix + "".join(self._closed_marks()).strip()
        self._append(prefix + text, marked)
        self._text.clear()
        self._marked.clear()
        self._reopen()

    def _keep_gap(self) -> None:
        if self._gap and self._lines and self._lines[-1].text:
            self._append("", "")
        self._gap = False

    def _append(self, text: str, marked: str) -> None:
        state = self.state
        self._lines.append(Line(text, text, state.depth, state.hint, marked, state.box))

    def line_break(self) -> None:
        """End the line unless it is empty."""
        if any(self._text):
            if "".join(self._text).strip(" "):
                self.end_line()
            else:
                self._text.clear()
                self._marked.clear()
                self._reopen()

    def gap(self) -> None:
        """Put one blank line between the previous and the next text."""
        self._gap = True

    def rule(self) -> None:
        """Write a horizontal rule."""
        self.line_break()
        state = self.state
        self._lines.append(Line("", "", state.depth, state.hint | Hint.RULE, RULE, state.box))

    def picture(self, alt: str) -> None:
        """Write the alternative text of a picture if it is an emoji."""
        alt = alt.strip()
        if alt and len(alt) <= _EMOJI_LENGTH and not any(c.isascii() or c.isalnum() for c in alt):
            self._add(alt)

    def toggle(self, mark: str) -> None:
        """Begin or end strong or emphasised text."""
        if mark in self._toggles:
            self._toggles.remove(mark)
        else:
            self._toggles.append(mark)
        self._marked.append(mark)
        self._has_marks = True

    def open_link(self, target: str) -> None:
        """Begin a link; only links to a page or an email address are kept."""
        self._links.append(target if target.startswith(("http://", "https://")) else "")
        if self._links[-1]:
            self._marked.append(LINK)
            self._has_marks = True

    def close_link(self) -> None:
        """End the innermost link."""
        if self._links:
            target = self._links.pop()
            if target:
                self._marked.append(TARGET + target + END)

    def open_list(self, first: int | None) -> None:
        """Begin a list whose first item has this number, or a bullet for None."""
        if not self._lists:
            self.gap()
        self._lists.append(first)

    def close_list(self) -> None:
        """End the innermost list."""
        if self._lists:
            self._lists.pop()
        self._prefix = ""
        if not self._lists:
            self.gap()

    def item(self, value: int | None = None) -> None:
        """Begin an item of the innermost list, with its own number if it has one."""
        level = max(len(self._lists) - 1, 0)
        number = self._lists[-1] if self._lists else None
        if number is None:
            bullet = "- "
        else:
            number = number if value is None else value
            self._lists[-1] = number + 1
            bullet = f"{number}. "
        self._prefix = "  " * level + bullet

    def _closed_marks(self) -> list[str]:
        closing = [TARGET + target + END for target in reversed(self._links) if target]
        return self._marked + closing + self._toggles[::-1]

    def _reopen(self) -> None:
        if self._links:
            self._repeated += sum(map(len, self._links))
            if self._repeated > _REPEATED_TARGETS:
                self._links = [""] * len(self._links)
        self._has_marks = bool(self._toggles or any(self._links))
        if self._has_marks:
            self._marked.extend(self._toggles)
            self._marked.extend(LINK for target in self._links if target)


def _plain_spaces(text: str) -> str:
    """Return text without no-break spaces, except between two words."""
    return text.replace("\u00a0 ", "  ").replace(" \u00a0", "  ") if len(text) > 1 else " "
