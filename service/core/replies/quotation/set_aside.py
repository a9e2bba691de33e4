"""Lines that were left out although they may be the person's own, where little is left without them.

Reading a reply is never certain. Where what is left is nothing, or less than a third of what a person may have sent,
they are asked, and these are the lines that they are asked about.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

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
    kept = sum(_weight(line) for line in lines if line.reason is None)
    found = [line for line in _perhaps_theirs(lines, forms, marks) if kept == 0 or forms or line.reason != "quotation"]
    if kept * 2 >= sum(map(_weight, found)):
        return
    for line in found:
        line.set_aside, line.raw = True, line.text
    for line in lines:
        if blank(line):
            line.raw = ""  # without the marks of a quotation, since it may stand between two of them


def _weight(line: Line) -> int:
    return 0 if line.text.startswith(PICTURES) else weight(fold(line.text))


def _perhaps_theirs(lines: Sequence[Line], forms: Sequence[Form], marks: Marks) -> Iterator[Line]:
    for reason, group in groupby(lines, key=lambda line: line.reason):
        some = [line for line in group if not (line.certain or line.hint & Hint.HIDDEN or blank(line))]
        if reason is None or (reason == "signature" and contact_block(some)):
            continue
        for line in some:
            is_known = _is_ours(line, forms, marks) if reason == "quotation" else _is_of_a_program(line, marks)
            if not is_known and _weight(line):
                yield line


def _is_ours(line: Line, forms: Sequence[Form], marks: Marks) -> bool:
    """Whether a line in a quotation is one that we sent, or one that a program wrote around it."""
    folded = fold(line.text)
    if any(folded in form.lines or (weight(folded) >= SURE and folded in form.letters) for form in forms):
        return True
    return line_evidence(line, marks).known or _is_of_a_program(line, marks)


def _is_of_a_program(line: Line, marks: Marks) -> bool:
    """Whether a mail program wrote a line: an attribution, a header, a rule, or the name of a device."""
    text, phrases = line.text, marks.phrases
    if device_line(text, phrases) or footer_line(text, phrases) or drawn(text):
        return True
    if divider(text, phrases) or reply_marker(text, phrases):
        return True
    if line.reason in {"footer", "signature"}:
        return False
    if header_role(text.strip(" *"), marks) not in {None, "?"}:
        return True
    found = line_evidence(line, marks)
    is_introduction = found.something if line.reason == "attribution" else found.address or found.wrote
    return is_introduction and _weight(line) <= _LONGEST_ATTRIBUTION
