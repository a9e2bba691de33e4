"""Lines that were left out although they may be the person's own, if little is left without them.

Reading a reply is never certain. If the rest is less than a third of what the person may have written, they are asked
about these lines.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from service.core.replies.lines import PICTURES, Hint, Line, blank, line_evidence
from service.core.replies.quotation.evidence import Marks
from service.core.replies.quotation.footers import contact_block
from service.core.replies.quotation.line_matching import Form, line_fold, weight
from service.core.replies.quotation.program_lines import device_line, program_line
from service.core.replies.quotation.quoted_headers import divider, drawn, header_role, reply_marker

_LONGEST_ATTRIBUTION = 150  # letters: a longer line has other words than a name, an address and a time


def mark_set_aside(lines: Sequence[Line], forms: Sequence[Form], marks: Marks) -> None:
    """Set aside left-out lines that may be the person's, if less than a third of their text is left.

    Not set aside are our lines, lines that a mail program certainly wrote, and signatures with an address. If our
    email is not known, a quotation counts as ours unless the reply has nothing else.
    """
    uncertain = [line for line in lines if line.reason is not None and not (line.certain or line.hint & Hint.HIDDEN)]
    kept = sum(_weight(line) for line in lines if line.reason is None) if uncertain else 0
    if kept * 2 >= sum(map(_weight, uncertain)):
        return
    found = [line for line in _perhaps_theirs(lines, forms, marks) if not kept or not _is_footer(line, marks)]
    asked = [line for line in found if kept == 0 or forms or line.reason != "quotation"]
    if kept * 2 >= sum(map(_weight, asked)):
        return
    for line in asked:
        line.set_aside, line.raw = True, line.text
    for line in lines:
        if blank(line):
            line.raw = ""  # without `>` marks, since the line may be between two quotations


def _weight(line: Line) -> int:
    return 0 if line.text.startswith(PICTURES) else weight(line_fold(line))


def _perhaps_theirs(lines: Sequence[Line], forms: Sequence[Form], marks: Marks) -> Iterator[Line]:
    for reason, group in groupby(lines, key=attrgetter("reason")):
        if reason is None:
            continue
        some = [line for line in group if not (line.certain or line.hint & Hint.HIDDEN or blank(line))]
        if reason == "signature" and contact_block(some):
            continue
        yield from (line for line in some if not _is_known(line, forms, marks))


def _is_known(line: Line, forms: Sequence[Form], marks: Marks) -> bool:
    """Return whether a line is empty, is ours, or was written by a program around ours."""
    folded = line_fold(line)
    if not folded or line.text.startswith(PICTURES):
        return True
    if line.reason == "quotation" and any(form.has(folded) for form in forms):
        return True
    return _introduces(line, marks, weight(folded)) or _is_by_program(line.text, marks)


def _introduces(line: Line, marks: Marks, letters: int) -> bool:
    """Return whether a line is an attribution or a header, and not so long that it also has words."""
    if line.reason not in {"quotation", "attribution"}:
        return False
    found = line_evidence(line, marks)
    if line.reason == "quotation":
        return found.known or (letters <= _LONGEST_ATTRIBUTION and (found.address or found.wrote))
    is_header = header_role(line, marks) not in {None, "?"}
    return (letters <= _LONGEST_ATTRIBUTION and found.something) or is_header


def _is_by_program(text: str, marks: Marks) -> bool:
    """Return whether a mail program wrote a line: a rule, a divider, or the name of a device."""
    phrases = marks.phrases
    is_mark = drawn(text) or divider(text, phrases) or reply_marker(text, phrases)
    return is_mark or device_line(text, phrases)


def _is_footer(line: Line, marks: Marks) -> bool:
    """Return whether a line begins as footers do: so may a sentence, so people are asked if nothing else is left."""
    return program_line(line.text, marks.phrases)
