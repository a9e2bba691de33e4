"""Marking the lines of our email, and the introduction that a mail program put above them."""

from collections.abc import Sequence

from service.core.replies.lines import PICTURES, Hint, Line, blank, line_evidence
from service.core.replies.quotation.evidence import Marks
from service.core.replies.quotation.flat_lines import split_flat_lines
from service.core.replies.quotation.introductions import (
    introduction_above,
    line_above,
    line_below,
    mark_above,
    split_shared_line,
)
from service.core.replies.quotation.line_matching import SURE, Form, Run, bare_link, line_fold, runs_of
from service.core.replies.quotation.quoted_headers import closing_rule, divider, drawn, header_role, reply_marker

_QUOTED = ("quotation", "attribution")
_RUNS = 50  # nobody answers more pieces of one email


def mark_ours(lines: list[Line], forms: Sequence[Form], marks: Marks) -> int | None:
    """Mark the lines of our email and their introduction; return the line after them, or None.

    One run that covers half of our email is certain. A shorter run counts only if the mail marks
    all of it as quoted or introduces it; later runs in order (questions between the person's
    answers) are marked too. All else may be the person's own.
    """
    split_flat_lines(lines, forms, marks)
    found = [(form, runs_of(lines, form)) for form in forms]
    form, runs = max(found, key=lambda pair: sum(run.letters for run in pair[1]))
    if len(runs) > _RUNS:
        longest = sorted(runs, key=lambda run: run.letters)[-_RUNS:]
        runs = sorted(longest, key=lambda run: run.first)
    chosen = _chosen(lines, runs, len(form.letters), marks) if runs else []
    if not chosen:
        return None
    for number, run in enumerate(chosen):
        for line in lines[run.first : run.last + 1]:
            line.reason, line.certain = "quotation", True
        if number:
            _fill(lines, chosen[number - 1], run)
            _mark_rule_above(lines, run, form)
    for line in lines:
        if line.reason is None and "://" in line.text and bare_link(line.text) in form.links:
            line.reason = "quotation"
    split = split_shared_line(lines, chosen[0].first, marks)
    mark_above(lines, chosen[0].first + split, marks)
    return _mark_quoted_below(lines, chosen[-1].last + split, marks)


def _chosen(lines: Sequence[Line], runs: Sequence[Run], total: int, marks: Marks) -> list[Run]:
    witnessed = [run for run in runs if _witnessed(lines, run, marks)]
    certain = [run for run in runs if run.letters * 2 >= total] or witnessed[:1]
    if not certain:
        ordered = _in_order(runs, runs[0])
        return ordered if sum(run.letters for run in ordered) * 2 >= total else []
    main = max(certain, key=lambda run: (run.marked, run.letters, run.first))
    introduced = min((run.first for run in witnessed), default=main.first)
    before = [
        run
        for run in runs
        if run.first < main.first and (run.marked or (run.first >= introduced and run.end <= main.start))
    ]
    return before + _in_order([run for run in runs if run.first >= main.first], main)


def _in_order(runs: Sequence[Run], main: Run) -> list[Run]:
    """Return `main` and the later runs that continue after the previous one."""
    chosen: list[Run] = []
    end = main.start
    for run in runs:
        if run.start >= end or run.marked:
            chosen.append(run)
            end = max(end, run.end)
    return chosen


def _witnessed(lines: Sequence[Line], run: Run, marks: Marks) -> bool:
    if run.marked:
        return run.letters >= SURE
    above = line_above(lines, run.first)
    return above is not None and introduction_above(lines, above, marks, sure=False) is not None


def _fill(lines: Sequence[Line], before: Run, after: Run) -> None:
    """Mark quoted lines between two runs, unless they are inside our text.

    There the person typed inside the quotation: those lines lose their marks and are kept.
    """
    for line in lines[before.last + 1 : after.first]:
        if not line.quoted:
            continue
        if before.end == after.start and not line.text.startswith(PICTURES):
            line.depth, line.hint, line.raw = 0, Hint.NONE, line.text
        else:
            line.reason = "quotation"


def _mark_rule_above(lines: Sequence[Line], run: Run, form: Form) -> None:
    """Mark a rule of ours directly above a run: it has no letters, so no run contains it."""
    above = line_above(lines, run.first)
    if above is not None and lines[above].text.strip() in form.rules:
        lines[above].reason = "quotation"


def keep_typed_inside(lines: Sequence[Line], forms: Sequence[Form], marks: Marks) -> None:
    """Keep the lines inside the quotation that are not ours, for a reply that would have no words.

    Some people type into the quotation itself: below it, above it, or instead of our question. If the
    person wrote words outside it, other lines in a quotation may be anybody's, and stay left out.
    """
    for line in lines:
        folded = line_fold(line)
        if line.reason is None or not folded or line.hint & Hint.HIDDEN or line.text.startswith(PICTURES):
            continue
        if line.reason != "quotation" and not (line.reason == "attribution" and _is_plain_quoted(line, marks)):
            continue
        is_ours = any(form.has(folded) for form in forms)
        found = line_evidence(line, marks)
        if not (is_ours or found.known or found.theirs or found.address):
            line.depth, line.hint, line.raw, line.reason = 0, Hint.NONE, line.text, None


def mark_addresses(lines: Sequence[Line], marks: Marks) -> None:
    """Mark lines next to a quotation that have one of our addresses, unless somebody speaks about themselves there."""
    addresses = [trait for trait in marks.traits if "@" in trait]
    for index, line in enumerate(lines):
        if line.reason is not None or "@" not in line.text:
            continue
        folded = line.text.casefold()
        if not any(address in folded for address in addresses):
            continue
        beside = (line_above(lines, index), line_below(lines, index))
        is_beside = any(each is not None and lines[each].reason in _QUOTED for each in beside)
        if is_beside and not marks.phrases.is_personal(folded):
            line.reason = "attribution"


def _is_plain_quoted(line: Line, marks: Marks) -> bool:
    """Return whether a line is marked as quoted and has no sign of an attribution, header or rule."""
    if not line.quoted or line.hint & (Hint.ATTRIBUTION | Hint.RULE) or drawn(line.text):
        return False
    is_header = header_role(line, marks) is not None
    is_mark = divider(line.text, marks.phrases) or reply_marker(line.text, marks.phrases)
    return not (is_header or is_mark or line_evidence(line, marks).something)


def _mark_quoted_below(lines: Sequence[Line], last: int, marks: Marks) -> int:
    """Mark the quoted lines that follow, and a rule at the end of the quotation; return the line after them."""
    after = last + 1
    for index in range(last + 1, len(lines)):
        line = lines[index]
        if line.quoted or line.hint & Hint.HIDDEN or closing_rule(line.text, marks.phrases):
            line.reason = "quotation"
            after = index + 1
        elif not blank(line):
            break
    return after
