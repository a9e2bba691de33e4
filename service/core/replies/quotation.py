"""Deciding which lines are a quotation: by what we sent, then by the signs mail programs leave."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.core.replies.attribution import (
    Marks,
    attribution_above,
    divider,
    drawn,
    evidence,
    header_block,
    header_role,
    reply_marker,
    shared_line,
)
from service.core.replies.lines import Hint, Line, blank
from service.core.replies.phrases import Phrases
from service.core.replies.recognition import SURE, Form, Run, runs_of


def mark_ours(lines: list[Line], forms: Sequence[Form], marks: Marks) -> bool:
    """Mark what we sent and what introduces it; return whether it was found.

    One run that covers half of what went out is certain by itself. A shorter one counts where
    the mail marks all of it as quoted or introduces it, and runs that follow it in order (the
    questions between somebody's answers) go with it. Anything else may be the person's own.
    """
    total, runs = max(
        ((form, runs_of(lines, form)) for form in forms),
        key=lambda pair: sum(run.letters for run in pair[1]),
        default=(None, []),
    )
    if total is None or not runs:
        return False
    chosen = _chosen(lines, runs, len(total.letters), marks)
    for number, run in enumerate(chosen):
        for index in range(run.first, run.last + 1):
            lines[index].reason = "quotation"
        if number:
            _fill(lines, chosen[number - 1], run)
    if chosen:
        mark_above(lines, chosen[0].first, marks)
        _mark_quoted_below(lines, chosen[-1].last)
    return bool(chosen)


def _chosen(lines: Sequence[Line], runs: Sequence[Run], total: int, marks: Marks) -> list[Run]:
    certain = [run for run in runs if run.letters * 2 >= total or _witnessed(lines, run, marks)]
    if not certain:
        ordered = _in_order(runs, runs[0])
        return ordered if sum(run.letters for run in ordered) * 2 >= total else []
    main = max(certain, key=lambda run: (run.marked, run.letters, run.first))
    if main.letters * 2 < total:
        main = min(certain, key=lambda run: run.first)
    before = [run for run in runs if run.first < main.first and run.marked]
    return before + _in_order([run for run in runs if run.first >= main.first], main)


def _in_order(runs: Sequence[Run], main: Run) -> list[Run]:
    """Return `main` and the later runs that go on where the ones before them ended."""
    chosen: list[Run] = []
    end = main.start
    for run in runs:
        if run.start >= end or run.marked:
            chosen.append(run)
            end = max(end, run.end)
    return chosen


def _witnessed(lines: Sequence[Line], run: Run, marks: Marks) -> bool:
    if run.marked:
        return run.letters >= SURE or len(run.lines) > 1
    above = _above(lines, run.first)
    if above is None:
        return False
    return (
        attribution_above(lines, above, marks, sure=False) is not None
        or _headers_above(lines, above, marks) is not None
    )


def _above(lines: Sequence[Line], index: int) -> int | None:
    """Return the nearest line above that is not blank."""
    index -= 1
    while index >= 0 and blank(lines[index]):
        index -= 1
    return index if index >= 0 else None


def _fill(lines: Sequence[Line], before: Run, after: Run) -> None:
    """Mark quoted lines between two runs, unless they were put into the middle of what we sent."""
    if before.end == after.start:
        return
    for line in lines[before.last + 1 : after.first]:
        if line.quoted:
            line.reason = "quotation"


def _mark_quoted_below(lines: Sequence[Line], last: int) -> None:
    for line in lines[last + 1 :]:
        if not (line.quoted or blank(line) or line.hint & Hint.HIDDEN):
            return
        if not blank(line) or line.quoted:
            line.reason = "quotation"


def mark_above(lines: Sequence[Line], first: int, marks: Marks) -> None:
    """Mark what introduces the quotation that begins at `first`: attribution, headers, rules."""
    index = _above(lines, first)
    found = False
    while index is not None:
        line = lines[index]
        start: int | None = None
        if line.hint & Hint.RULE or drawn(line.text) or divider(line.text, marks.phrases):
            start = index
        elif reply_marker(line.text, marks.phrases) or line.hint & Hint.HIDDEN:
            start = index
        elif not found:
            start = attribution_above(lines, index, marks, sure=True)
            if start is None:
                start = _headers_above(lines, index, marks)
            found = start is not None
        if start is None and _marked_attribution(line, lines[first], marks):
            start = index
        if start is None:
            return
        for at in range(start, index + 1):
            lines[at].reason = "attribution"
        index = _above(lines, start)


def _marked_attribution(line: Line, below: Line, marks: Marks) -> bool:
    """Whether structure says that a line belongs to the quotation below it."""
    if line.hint & Hint.ATTRIBUTION or (line.quoted and below.quoted):
        return True
    if line.box and line.box == below.box:
        found = evidence(line.text, marks)
        return found.address or found.known or found.date or found.time
    return False


def _headers_above(lines: Sequence[Line], last: int, marks: Marks) -> int | None:
    """Return the start of a header block whose last line is `last`."""
    best: int | None = None
    for start in range(last, max(last - 14, -1), -1):
        if best is not None and blank(lines[start]):
            break
        if header_role(lines[start].text.strip(" *"), marks) is None:
            continue
        after = header_block(lines, start, marks)
        if after is not None and after > last:
            best = start
    return best


# --- signs ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signs:
    """How far to trust the signs of mail programs.

    `strict` holds where we know what we sent and did not find it: only an address makes an
    unmarked attribution certain then.
    """

    marks: Marks
    strict: bool


def mark_by_signs(lines: list[Line], start: int, signs: Signs) -> None:
    """Mark quotations from `start` on by attributions, header blocks and dividers."""
    index = start
    found = False
    while index < len(lines):
        line = lines[index]
        if line.reason is None and not blank(line):
            after = _quotation_at(lines, index, signs)
            if after is None and found and line.quoted:
                after = _quoted_run(lines, index, signs.marks.phrases)
            if after is not None:
                found = True
                index = after
                continue
        index += 1
    if not signs.strict and not found and start == 0:
        _mark_quoted_end(lines)


def _quotation_at(lines: list[Line], index: int, signs: Signs) -> int | None:
    """Mark a quotation that is introduced at `index`; return the line after it, or None."""
    line, marks = lines[index], signs.marks
    if line.quoted and not _opens_quoted(lines, index, signs):
        return None
    if divider(line.text, marks.phrases) or reply_marker(line.text, marks.phrases):
        mark_above(lines, index, marks)
        return _to_end(lines, index, index + 1)
    if header_role(line.text.strip(" *"), marks) is not None:
        after = header_block(lines, index, marks)
        if after is None and _above_is_rule(lines, index) and evidence(line.text, marks).address:
            after = index + 1
        if after is not None:
            mark_above(lines, index, marks)
            return _to_end(lines, index, after)
    return _attributed(lines, index, signs)


def _opens_quoted(lines: Sequence[Line], index: int, signs: Signs) -> bool:
    """Whether a quoted line itself introduces the quotation (as Apple Mail and QQ write it)."""
    return index == 0 or not lines[index - 1].quoted or lines[index - 1].reason is None


def _above_is_rule(lines: Sequence[Line], index: int) -> bool:
    above = _above(lines, index)
    return above is not None and bool(lines[above].hint & Hint.RULE or drawn(lines[above].text))


def _attributed(lines: list[Line], index: int, signs: Signs) -> int | None:
    line, marks = lines[index], signs.marks
    below = _below(lines, index)
    quoted = below is not None and lines[below].quoted and lines[below].depth >= line.depth
    start = attribution_above(lines, index, marks, sure=quoted and not signs.strict)
    if start is None:
        return None
    if start == index:
        shared = shared_line(line.text, marks)
        if shared is not None:
            _split(lines, index, shared)
            start = index = index + 1
            below = None if below is None else below + 1
    text = " ".join(each.text for each in lines[start : index + 1])
    if not (quoted or line.quoted) and not _certain_unmarked(text, signs):
        return None
    for each in lines[start : index + 1]:
        each.reason = "attribution"
    mark_above(lines, start, marks)
    if (quoted or line.quoted) and below is not None:
        return _quoted_run(lines, below, marks.phrases)
    return _to_end(lines, index + 1, index + 1)


def _certain_unmarked(text: str, signs: Signs) -> bool:
    """Whether an attribution is certain enough to give up all that follows, unmarked."""
    found = evidence(text, signs.marks)
    if found.address and (found.wrote or found.dated):
        return True
    if signs.strict:
        return False
    words = text.lstrip(" -*_").split(" ", 1)
    opens = words[0] in signs.marks.phrases.openers or words[0][:1].isdigit()
    return opens and (
        (found.dated and found.wrote)
        or (found.date and signs.marks.phrases.you_wrote.search(text.casefold()) is not None)
    )


def _split(lines: list[Line], index: int, at: int) -> None:
    line = lines[index]
    head, tail = line.text[:at].rstrip(" -*"), line.text[at:]
    lines[index : index + 1] = [
        Line(head, head, line.depth, line.hint, "", line.box),
        Line(tail, tail, line.depth, line.hint, "", line.box),
    ]


def _below(lines: Sequence[Line], index: int) -> int | None:
    index += 1
    while index < len(lines) and blank(lines[index]):
        index += 1
    return index if index < len(lines) else None


def _quoted_run(lines: Sequence[Line], first: int, phrases: Phrases) -> int:
    """Mark the quoted lines from `first` on, with what a bad wrap left unmarked among them."""
    index = first
    while index < len(lines):
        line = lines[index]
        if reply_marker(line.text, phrases):
            return _to_end(lines, index, index + 1)
        if line.quoted or line.hint & Hint.HIDDEN:
            line.reason = line.reason or "quotation"
        elif not blank(line) and not _wrap_residue(lines, index):
            break
        elif not blank(line):
            line.reason = "quotation"
        index += 1
    return index


def _wrap_residue(lines: Sequence[Line], index: int) -> bool:
    """Whether an unmarked line between quoted ones is the rest of the long one above it."""
    if index + 1 >= len(lines) or not (lines[index - 1].quoted and lines[index + 1].quoted):
        return False
    line, above = lines[index], lines[index - 1]
    if line.text.lstrip().startswith(("(http", "<http", "http")) or "://" in above.text[-60:].split(" ")[-1]:
        return True
    return (
        len(above.raw) >= 60
        and not above.text.endswith(("?", ":"))
        and (line.text[:1].islower() or not above.text.endswith((".", "!")))
    )


def _to_end(lines: Sequence[Line], first: int, body: int) -> int:
    """Mark from `first` to the end of the mail, or of the container that holds the quotation."""
    box = lines[body].box if body < len(lines) and _same_box(lines, first, body) else 0
    for index in range(first, len(lines)):
        line = lines[index]
        if box and index >= body and line.box != box and not (line.quoted or blank(line)):
            return index
        line.reason = line.reason or ("attribution" if index < body else "quotation")
    return len(lines)


def _same_box(lines: Sequence[Line], first: int, body: int) -> bool:
    """Whether the container of the attribution holds text below it (Outlook's does not)."""
    box = lines[min(first, body)].box
    below = _below(lines, body - 1)
    return bool(box) and below is not None and lines[below].box == box


def _mark_quoted_end(lines: Sequence[Line]) -> None:
    """Mark quoted lines that close a mail, though nothing introduces them."""
    end = len(lines)
    while end and (blank(lines[end - 1]) or lines[end - 1].quoted):
        end -= 1
    quoted = [line for line in lines[end:] if line.quoted and line.text]
    if end and len(quoted) >= 2 and all(line.depth or line.hint & Hint.CITED for line in quoted):
        for line in lines[end:]:
            line.reason = "quotation"
