"""Earlier replies of the same person, which a mail quotes if they reply to their own sent mail."""

from collections.abc import Iterator, Sequence

from service.core.replies.lines import Hint, Line, blank, line_evidence
from service.core.replies.quotation.evidence import Evidence, Marks, names_them
from service.core.replies.quotation.introductions import introduction_above, mark_above, split_shared_line
from service.core.replies.quotation.line_matching import Form, line_fold
from service.core.replies.quotation.quoted_headers import header_block, header_role

_REPLIES = 25  # nobody quotes more of their replies
_INTRODUCTION_LINES = 4  # an attribution is never wrapped over more lines


def mark_known_replies(lines: Sequence[Line], earlier: Form, marks: Marks) -> None:
    """Mark quoted lines of the person's known earlier replies, with their introductions."""
    known = [
        index
        for index, line in enumerate(lines)
        if line.reason is None and line.quoted and earlier.has(line_fold(line))
    ]
    for index in known:
        lines[index].reason, lines[index].certain = "quotation", True
    starts = [index for index in known if index and lines[index - 1].reason is None]
    for index in starts[:_REPLIES]:
        mark_above(lines, index, marks)


def mark_named_replies(lines: list[Line], marks: Marks) -> int:
    """Mark quotations under an attribution or headers that name the person; return how many lines were added.

    Lines that the mail does not mark as quoted are left out only if the introduction has the person's address and our
    quotation follows, because people also write letters to themselves.
    """
    index = new = tried = 0
    while index < len(lines) and tried < _REPLIES:
        is_named = _names_them(lines[index], marks)
        tried += is_named
        found = _introduction_with(lines, index, marks) if is_named else None
        if found is not None:
            split = split_shared_line(lines, found[1], marks) if found[0] + 1 == found[1] else 0
            start, after = found[0] + split, found[1] + split
            if _mark_reply(lines, start, after, marks):
                mark_above(lines, start, marks, introduced=True)
            index = after
            new += split
        else:
            index += 1
    return new


def _names_them(line: Line, marks: Marks) -> bool:
    return line.reason is None and names_them(line.text.casefold(), marks)


def _introduction_with(lines: Sequence[Line], index: int, marks: Marks) -> tuple[int, int] | None:
    """Return where an introduction that names the person on line `index` starts, and the line after it."""
    for last in range(index, min(index + _INTRODUCTION_LINES, len(lines))):
        if lines[last].reason is not None or blank(lines[last]):
            return None
        start = introduction_above(lines, last, marks, sure=True)
        if start is None or start > index:
            continue
        after = header_block(lines, start, marks)
        return (start, last + 1) if after is None else _from_them(lines, start, after, index, marks)
    return None


def _from_them(lines: Sequence[Line], start: int, after: int, index: int, marks: Marks) -> tuple[int, int] | None:
    """Return the header block if its sender is the person, who is named on line `index`."""
    roles = [header_role(line, marks) for line in lines[start : index + 1]]
    labelled = [role for role in roles if role not in {None, "?"}]
    return (start, after) if labelled[-1:] == ["from"] else None


def _mark_reply(lines: Sequence[Line], start: int, after: int, marks: Marks) -> bool:
    """Mark an introduction and the earlier reply below it; return whether there is one."""
    first = next((index for index in range(after, len(lines)) if not blank(lines[index])), None)
    if first is None:
        return False
    if lines[first].quoted or lines[first].reason is not None:
        quoted = list(_quoted_from(lines, first))
    else:
        ours = next((index for index in range(first, len(lines)) if lines[index].reason is not None), None)
        if ours is None or not _is_certain(lines[start:after], marks):
            return False
        quoted = list(lines[first:ours])
    for line in lines[start:after]:
        line.reason = "attribution"
    for line in quoted:
        line.reason = line.reason or "quotation"
    return True


def _quoted_from(lines: Sequence[Line], first: int) -> Iterator[Line]:
    """Yield the lines marked as quoted from `first` to our quotation; the person's answers may be between them."""
    ours = next((index for index in range(first, len(lines)) if lines[index].reason is not None), first)
    last = next((index for index in range(ours, len(lines)) if _is_own(lines[index])), len(lines))
    for line in lines[first:last]:
        if line.quoted or line.hint & Hint.HIDDEN:
            yield line


def _is_own(line: Line) -> bool:
    return line.reason is None and not (line.quoted or line.hint & Hint.HIDDEN or blank(line))


def _is_certain(introduction: Sequence[Line], marks: Marks) -> bool:
    """Return whether an introduction is a program's attribution, or headers to us, and so certain."""
    found: Evidence = line_evidence(introduction[-1], marks)
    for line in introduction[:-1]:
        found = found.below(line_evidence(line, marks))
    if not (found.theirs and found.address and (found.date or found.time)):
        return False
    is_block = header_block(introduction, 0, marks) is not None
    return found.known if is_block else found.wrote or found.dated
