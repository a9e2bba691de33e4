"""The introductions that mail programs and gateways put above a quotation: attributions, headers, rules, banners."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from service.core.replies.lines import Hint, Line, blank, line_evidence
from service.core.replies.quotation.attribution import after_sentence, attribution_above, shared_line
from service.core.replies.quotation.evidence import Marks
from service.core.replies.quotation.quoted_headers import (
    beside_quotation,
    dated_rule,
    divider,
    drawn,
    forwarded,
    header_block,
    reply_marker,
    starts_header,
    titled_rule,
)

_HEADER_LINES = 14
_BANNER_LINES = 10
_LINES_ABOVE = 50  # of other texts between a quotation and its introduction, at most


def line_above(lines: Sequence[Line], index: int) -> int | None:
    """Return the nearest line above `index` that is not blank."""
    for above in range(index - 1, -1, -1):
        if not blank(lines[above]):
            return above
    return None


def line_below(lines: Sequence[Line], index: int) -> int | None:
    """Return the nearest line below `index` that is not blank."""
    for below in range(index + 1, len(lines)):
        if not blank(lines[below]):
            return below
    return None


def mark_above(lines: Sequence[Line], first: int, marks: Marks, *, introduced: bool = False) -> None:
    """Mark the introduction of the quotation that begins at `first`: attribution, headers, rules.

    `introduced` means that the attribution or the headers are already found, and only rules may follow.
    """
    below = lines[first]
    index = line_above(lines, first)
    looked = 0
    while index is not None and lines[index].reason is None:
        line = lines[index]
        looked += 1
        is_near = looked <= _LINES_ABOVE and not introduced
        start = introduction_above(lines, index, marks, sure=True) if is_near else None
        inside = not introduced and line.quoted and below.quoted
        introduced = introduced or start is not None
        headed = introduced and not blank(lines[index + 1]) and titled_rule(line.text)
        is_one = headed or (looked <= _LINES_ABOVE and _belongs(line, below, marks, introduced=introduced))
        if start is None and (inside or is_one):
            start = index
        if start is None:
            break
        for each in lines[start : index + 1]:
            each.reason = "attribution"
        index = line_above(lines, start)
    if index is not None and not introduced and lines[index].reason is None:
        _mark_detached(lines, index, marks)


def split_shared_line(lines: list[Line], first: int, marks: Marks) -> int:
    """Split the line above the quotation if the person's words are before its attribution; return how many are new."""
    index = line_above(lines, first)
    if index is None:
        return 0
    line = lines[index]
    at = shared_line(line.text, marks) or after_sentence(line.text, marks)
    if at is None or introduction_above(lines, index, marks, sure=True) != index:
        return 0
    lines[index : index + 1] = line.split_at(at)
    return 1


def introduction_above(lines: Sequence[Line], last: int, marks: Marks, *, sure: bool) -> int | None:
    """Return the start of a header block or an attribution whose last line is `last`."""
    return _introduction_above(lines, last, marks, {}, sure=sure)


def _introduction_above(
    lines: Sequence[Line], last: int, marks: Marks, blocks: dict[int, int | None], *, sure: bool
) -> int | None:
    """Return it; `blocks` keeps where the header block that begins at each line ends."""
    start = attribution_above(lines, last, marks, sure=sure)
    if start is not None and not any(starts_header(line, marks) for line in lines[start : last + 1]):
        return start
    headers = _headers_above(lines, last, marks, blocks)
    return start if headers is None else headers


def _mark_detached(lines: Sequence[Line], last: int, marks: Marks) -> None:
    """Mark an introduction that names us, if a gateway's banner separates it from the quotation.

    A paragraph in between is marked too if only a banner says such things. All else is kept, since it may be the
    person's words.
    """
    blocks: dict[int, int | None] = {}
    for index in range(last, max(last - _BANNER_LINES, -1), -1):
        if blank(lines[index]):
            continue
        start = _introduction_above(lines, index, marks, blocks, sure=False)
        if start is not None:
            if any(line_evidence(line, marks).known for line in lines[start : index + 1]):
                for line in lines[start : index + 1]:
                    line.reason = "attribution"
                for paragraph in _paragraphs(lines[index + 1 : last + 1]):
                    _mark_banner(paragraph, marks)
                mark_above(lines, start, marks, introduced=True)
            return


def _paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the lines between blank ones."""
    for is_blank, paragraph in groupby(lines, blank):
        if not is_blank:
            yield list(paragraph)


def _mark_banner(paragraph: Sequence[Line], marks: Marks) -> None:
    text = " ".join(line.text for line in paragraph).casefold()
    if marks.phrases.banners.is_in(text) and not marks.phrases.is_personal(text):
        for line in paragraph:
            line.reason = "quotation"


def _belongs(line: Line, below: Line, marks: Marks, *, introduced: bool) -> bool:
    """Return whether a line belongs to the quotation below it, by its structure or as a rule."""
    if line.hint & (Hint.RULE | Hint.HIDDEN | Hint.ATTRIBUTION):
        return True
    if drawn(line.text) or divider(line.text, marks.phrases) or reply_marker(line.text, marks.phrases):
        return True
    if beside_quotation(line.text, marks.phrases) or forwarded(line.text, marks.phrases):
        return True
    if introduced and dated_rule(line.text, marks):
        return True
    if line.box and line.box == below.box:
        found = line_evidence(line, marks)
        return found.address or found.known or found.date or found.time
    return False


def _headers_above(lines: Sequence[Line], last: int, marks: Marks, blocks: dict[int, int | None]) -> int | None:
    """Return the start of a header block whose last line is `last`."""
    best: int | None = None
    for start in range(last, max(last - _HEADER_LINES, -1), -1):
        if best is not None and blank(lines[start]):
            break
        if not starts_header(lines[start], marks):
            continue
        if start not in blocks:
            blocks[start] = header_block(lines, start, marks)
        after = blocks[start]
        if after is not None and after > last:
            best = start
    return best
