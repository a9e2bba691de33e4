"""A mail body as lines with hints about each, which all rules use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from service.core.replies.quotation.evidence import Evidence, Marks, evidence
from service.core.replies.values import Reason

# Marks that the HTML reader adds. They are noncharacters (Unicode 23.7), which `clean` replaces in a mail's own
# text, so that a mail cannot forge a mark.
STRONG, EMPHASIS, LINK, TARGET, END, RULE, QUOTED, STRUCK = (chr(0xFDD0 + n) for n in range(8))
MARKS = dict.fromkeys(map(ord, (STRONG, EMPHASIS, LINK, END, RULE, QUOTED, STRUCK)))

PICTURES = ("[image:", "[cid:", "[inline image")  # how text parts write a picture

_MARKS = re.compile("(?:>| (?=>))+")  # of quotation, as in "> > words"
_UNSAFE = re.compile("[\0\ufdd0-\ufdef]")


class Hint:
    """Hints from the structure of the HTML about a line: bits, as plain numbers for speed."""

    NONE = 0
    CITED = 1  # inside a quotation that a mail program marked
    BOXED = 2  # inside a container of an attribution and its quotation
    ATTRIBUTION = 4
    SIGNATURE = 8
    HIDDEN = 16  # not visible
    RULE = 32  # a horizontal rule


class HeaderSigns(NamedTuple):
    """What a line looks like as a mail header: its text without the signs around it, and which header it may be.

    `role` is the one that its label names, "?" for a label in an unknown language.
    """

    text: str
    role: str | None


@dataclass(slots=True)
class Line:
    """One line. `text` has no `>` marks; `raw` is the line as it is in the mail.

    `marked` is `text` with the marks of the HTML, if any; `box` is the number of its container; `folded` caches `text`
    in the form that is compared with our emails, `evidence`, `header` and `bare_header` what the text was found to be
    (`bare_header` is "" for a line that is not a header).
    A line with a reason is left out. It is `doubtful` if it is put back when too little is left, `certain` if it is
    not the person's, and `set_aside` if they are asked about it.
    """

    text: str = field(repr=False)
    raw: str = field(repr=False)
    depth: int = 0
    hint: int = Hint.NONE
    marked: str = field(default="", repr=False)
    box: int = 0
    reason: Reason | None = None
    doubtful: bool = False
    certain: bool = False
    set_aside: bool = False
    evidence: Evidence | None = None
    header: HeaderSigns | None = field(default=None, repr=False)
    bare_header: str | None = None
    folded: str | None = field(default=None, repr=False)

    @property
    def quoted(self) -> bool:
        """Return whether the mail itself marks this line as somebody else's."""
        return self.depth > 0 or self.hint & Hint.CITED != 0

    @property
    def marks_quotation(self) -> bool:
        """Return whether it is marked with `>` or by a mail program, not only indented."""
        return self.hint & Hint.CITED != 0 or (self.depth > 0 and self.raw.lstrip().startswith(">"))

    def split_at(self, at: int) -> list[Line]:
        """Return this line as two: the text before an index, and the text from there."""
        return self.split_into(self.text[:at].rstrip(" \u00a0-*\u2014"), self.text[at:].lstrip(" \u00a0-*\u2014"))

    def split_into(self, *texts: str) -> list[Line]:
        """Return a copy of this line for each of these texts."""
        marks = "> " * self.depth if self.raw.lstrip().startswith(">") else ""
        return [Line(text, marks + text, self.depth, self.hint, "", self.box) for text in texts]


def clean(text: str) -> str:
    """Return `text` with one kind of line end, without characters that a database refuses or that are marks."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii() or "\x00" in text:
        text = _UNSAFE.sub("\ufffd", text)
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def plain_lines(text: str) -> list[Line]:
    """Return the lines of a text body (already `clean`), each with its depth of `>`."""
    return [plain_line(raw) for raw in text.split("\n")]


def plain_line(raw: str) -> Line:
    """Return one line of a text body."""
    text = raw.rstrip(" \t\u00a0\ufeff")
    start = text.lstrip() if ">" in text else ""
    if not start.startswith(">"):
        return Line(text, raw)
    marks = _MARKS.match(start)
    end = marks.end() if marks else 0
    return Line(start[end:].strip(), raw, depth=start.count(">", 0, end))


def blank(line: Line) -> bool:
    """Return whether the line has no visible text."""
    return not line.text.strip() and not line.marked


def line_evidence(line: Line, marks: Marks) -> Evidence:
    """Return the evidence that a line is an attribution or a header, cached."""
    if line.evidence is None:
        line.evidence = evidence(line.text, marks)
    return line.evidence
