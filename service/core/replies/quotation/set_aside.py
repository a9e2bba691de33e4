"""Lines that were left out although they may be the person's own, where little is left without them.

Reading a reply is never certain. Where what is left is nothing, or less than a third of what a person may have sent,
they are asked, and these are the lines that they are asked about.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from service.core.replies.lines import PICTURES, Hint, Line, blank, line_evidence
from service.core.replies.quotation.evidence import Marks
from service.core.replies.quotation.footers import contact_block, device_line, footer_line
from service.core.replies.quotation.line_matching import SURE, Form, fold, weight
from service.core.replies.quotation.quoted_headers import divider, drawn, header_role, reply_marker

_LONGEST_ATTRIBUTION = 150  # letters: a longer line has words in it beside a name, an address and a time


def mark_set_aside(lines: Sequence[Line], forms: Sequence[Form], marks: Marks) -> None:
    """Set aside the lines left out that may be the person's, if less than a third of what they sent is left.

    Lines that we sent are not among them, nor what is certainly a mail program's or a signature with an address. Where
    we do not know what we sent, a quotation is taken for ours unless nothing else is in the reply.
    """
    found = list(_perhaps_theirs(lines, forms, marks))
    if not found:
        return
    kept = sum(_weight(line) for line in lines if line.reason is None)
    asked = [line for line in found if kept == 0 or forms or line.reason != "quotation"]
    if kept * 2 >= sum(map(_weight, asked)):
        return
    for line in asked:
        line.set_aside, line.raw = True, line.text
    for line in lines:
        if blank(line):
            line.raw = ""  # without the marks of a quotation, since it may stand between two of them


def _weight(line: Line) -> int:
    return 0 if line.text.startswith(PICTURES) else weight(fold(line.text))


def _perhaps_theirs(lines: Sequence[Line], forms: Sequence[Form], marks: Marks) -> Iterator[Line]:
    for reason, group in groupby(lines, key=attrgetter("reason")):
        if reason is None:
            continue
        some = [line for line in group if not (line.certain or line.hint & Hint.HIDDEN or blank(line))]
        if reason == "signature" and contact_block(some):
            continue
        yield from (line for line in some if not _is_known(line, forms, marks))


def _is_known(line: Line, forms: Sequence[Form], marks: Marks) -> bool:
    """Whether a line says nothing, or is one that we sent or that a program wrote around that."""
    folded = fold(line.text)
    if not folded or line.text.startswith(PICTURES):
        return True
    if line.reason == "quotation" and any(
        folded in form.lines or (weight(folded) >= SURE and folded in form.letters) for form in forms
    ):
        return True
    return _introduces(line, marks, weight(folded)) or _is_of_a_program(line.text, marks)


def _introduces(line: Line, marks: Marks, letters: int) -> bool:
    """Whether a line is an attribution or a header; a very long one has words of somebody's in it."""
    if line.reason not in {"quotation", "attribution"}:
        return False
    found = line_evidence(line, marks)
    if line.reason == "quotation":
        return found.known or (letters <= _LONGEST_ATTRIBUTION and (found.address or found.wrote))
    is_header = header_role(line.text.strip(" *"), marks) not in {None, "?"}
    return (letters <= _LONGEST_ATTRIBUTION and found.something) or is_header


def _is_of_a_program(text: str, marks: Marks) -> bool:
    """Whether a mail program wrote a line: a rule, a divider, or the name of a device."""
    phrases = marks.phrases
    if drawn(text) or divider(text, phrases) or reply_marker(text, phrases):
        return True
    return device_line(text, phrases) or footer_line(text, phrases)
