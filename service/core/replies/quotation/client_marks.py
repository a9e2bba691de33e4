"""Quotations found by the marks of mail programs, for when we do not know what we sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.core.replies.lines import Hint, Line, blank, line_evidence
from service.core.replies.quotation.attribution import (
    attribution_above,
    certain_unmarked,
    may_end,
    may_say_when,
    shared_line,
)
from service.core.replies.quotation.evidence import Marks, evidence
from service.core.replies.quotation.introductions import line_above, line_below, mark_above
from service.core.replies.quotation.quoted_headers import (
    divider,
    drawn,
    forwarded,
    header_block,
    header_role,
    reply_marker,
)

_WRAPPED_LENGTH = 60
_INTRODUCED_WITHIN = 4
_INTRODUCTIONS = 300  # that are looked for in one mail; nobody's has more


@dataclass(slots=True)
class ClientMarks:
    """Reads the marks in one mail; may add lines by splitting one.

    `strict` is for a mail in which our known email was not found: an unmarked quotation then
    needs an address, and one that is not ours is only probable (`Line.doubtful`).
    """

    lines: list[Line] = field(repr=False)
    marks: Marks
    strict: bool
    _looked: int = 0

    def mark(self, start: int) -> None:
        """Mark quotations from line `start` on by attributions, header blocks and dividers.

        Below many lines that may introduce a quotation, all is kept: they are the person's own lines, or an attack.
        """
        found = False
        index = start
        while index < len(self.lines) and self._looked < _INTRODUCTIONS:
            line = self.lines[index]
            if line.reason is not None or blank(line):
                index += 1
                continue
            if forwarded(line.text, self.marks.phrases) and not line.quoted:
                return
            after = self._quotation_at(index)
            if after is None and found and line.quoted and not self.strict:
                after = self._quoted_run(index)
            found = found or after is not None
            index = index + 1 if after is None else after
        if not (self.strict or found):
            self._mark_quoted_end()

    def _quotation_at(self, index: int) -> int | None:
        """Mark a quotation whose introduction is at `index`; return the line after it, or None."""
        line = self.lines[index]
        if divider(line.text, self.marks.phrases) or reply_marker(line.text, self.marks.phrases):
            self._looked += 1
            return self._divided(index)
        return self._introduced_at(index)

    def _introduced_at(self, index: int) -> int | None:
        """Mark a quotation below a header block or an attribution; return the line after it."""
        after = self._headers_end(index)
        if after is None:
            return self._attributed(index)
        mark_above(self.lines, index, self.marks, introduced=True)
        return self._to_end(index, after)

    def _headers_end(self, index: int) -> int | None:
        line = self.lines[index]
        role = header_role(line, self.marks)
        if role is None or (role == "?" and self._inside_paragraph(index)):
            return None
        self._looked += 1
        after = header_block(self.lines, index, self.marks)
        if after is None and self._below_rule(index) and line_evidence(line, self.marks).address:
            return index + 1
        return after

    def _inside_paragraph(self, index: int) -> bool:
        """Return whether words are directly above; headers in an unknown language must begin a paragraph."""
        if index == 0:
            return False
        above = self.lines[index - 1]
        return not (blank(above) or above.reason or above.hint & Hint.RULE or drawn(above.text))

    def _divided(self, index: int) -> int:
        """Mark the quotation below a divider; if it has its own introduction, up to that quotation's end."""
        lines = self.lines
        mark_above(lines, index, self.marks, introduced=True)
        lines[index].reason = "attribution"
        below = line_below(self.lines, index)
        if below is None:
            return index + 1
        for introduced in range(below, min(below + _INTRODUCED_WITHIN, len(lines))):
            if blank(lines[introduced]):
                break
            after = self._introduced_at(introduced)
            if after is not None:
                return after
        if lines[below].quoted:
            return self._quoted_run(below)
        return self._to_end(index + 1, index + 1)

    def _below_rule(self, index: int) -> bool:
        above = line_above(self.lines, index)
        if above is None:
            return False
        return bool(self.lines[above].hint & Hint.RULE) or drawn(self.lines[above].text)

    def _attributed(self, index: int) -> int | None:
        line = self.lines[index]
        if not (may_end(line.text) or line.hint & Hint.ATTRIBUTION):
            return None
        below = line_below(self.lines, index)
        quoted = below is not None and self.lines[below].quoted
        start = self._attribution_above(index, quoted=quoted)
        if start is None:
            return None
        if start == index:
            shared = shared_line(line.text, self.marks)
            if shared is not None:
                self.lines[index : index + 1] = line.split_at(shared)
                start = index = index + 1
        introduction = self.lines[start : index + 1]
        if self.marks.phrases.i_wrote.is_in(introduction[-1].text.casefold()):
            return None
        marked = quoted or self.lines[index].quoted
        if not (marked or certain_unmarked(introduction, self.marks, strict=self.strict)):
            return None
        for each in introduction:
            each.reason = "attribution"
        mark_above(self.lines, start, self.marks, introduced=True)
        return self._quoted_run(index + 1) if marked else self._to_end(index + 1, index + 1)

    def _attribution_above(self, index: int, *, quoted: bool) -> int | None:
        sure = quoted and not self.strict
        start = None
        if sure or may_say_when(self.lines, index):
            self._looked += 1
            start = attribution_above(self.lines, index, self.marks, sure=sure)
        return index if start is None and quoted and self.lines[index].hint & Hint.ATTRIBUTION else start

    def _quoted_run(self, first: int) -> int:
        """Mark the quoted lines from `first` on, including unmarked rests of wrapped lines among them."""
        index = first
        while index < len(self.lines):
            line = self.lines[index]
            if line.quoted and reply_marker(line.text, self.marks.phrases):
                return self._to_end(index, index + 1)
            if line.quoted or line.hint & Hint.HIDDEN or self._wrap_residue(index):
                line.reason = line.reason or "quotation"
            elif not blank(line):
                break
            index += 1
        return index

    def _wrap_residue(self, index: int) -> bool:
        """Return whether an unmarked line between quoted ones is the rest of the long line above it."""
        if not 0 < index < len(self.lines) - 1:
            return False
        above, line, below = self.lines[index - 1 : index + 2]
        if not (above.quoted and below.quoted) or blank(line):
            return False
        if "://" in above.text.rsplit(" ", 1)[-1] or line.text.lstrip(" (<").startswith("http"):
            return True
        if len(above.raw) < _WRAPPED_LENGTH or above.text.endswith(("?", ":")):
            return False
        return line.text[:1].islower() or not above.text.endswith((".", "!"))

    def _to_end(self, first: int, body: int) -> int:
        """Mark from `first` to the end of the mail, or of the quotation's container."""
        box = self._box_around(first, body)
        introduced = " ".join(line.text for line in self.lines[max(first - 3, 0) : body])
        doubtful = self.strict and not evidence(introduced, self.marks).known
        for index in range(first, len(self.lines)):
            line = self.lines[index]
            if box and index >= body and line.box != box and not (line.quoted or blank(line)):
                return index
            if line.reason is None:
                line.reason = "attribution" if index < body else "quotation"
                line.doubtful = doubtful and not line.quoted
        return len(self.lines)

    def _box_around(self, first: int, body: int) -> int:
        """Return the container of attribution and quotation, or 0 if it has only the attribution."""
        box = self.lines[min(first, body, len(self.lines) - 1)].box
        below = line_below(self.lines, body - 1)
        return box if below is not None and self.lines[below].box == box else 0

    def _mark_quoted_end(self) -> None:
        """Mark two or more quoted lines at the end of a mail, even without an introduction."""
        end = len(self.lines)
        while end and (blank(self.lines[end - 1]) or self.lines[end - 1].marks_quotation):
            end -= 1
        if end and sum(bool(line.text) for line in self.lines[end:]) > 1:
            _mark(self.lines[end:])


def _mark(lines: Sequence[Line]) -> None:
    for line in lines:
        line.reason = "quotation"
