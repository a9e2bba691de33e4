"""Lines on which a mail program joined the person's words, an attribution and our email without a line break."""

from collections.abc import Sequence

from service.core.replies.lines import Line
from service.core.replies.quotation.evidence import COLONS, TRAILING, Marks, evidence
from service.core.replies.quotation.line_matching import Form, fold, line_fold

_SHORTEST = 60  # no line with an attribution and a question is shorter
_FLAT_LINES = 50  # with the beginning of our email that are looked at in one mail


def split_flat_lines(lines: list[Line], forms: Sequence[Form], marks: Marks) -> None:
    """Split each line with other text and at least half of our email, or its beginning after an attribution.

    The text before and after may be the person's, so a sentence that repeats our question is never split.
    """
    looked = 0
    for index in reversed(range(len(lines))):
        line = lines[index]
        if len(line.text) < _SHORTEST or not any(form.head and form.head in line_fold(line) for form in forms):
            continue
        looked += 1
        if looked > _FLAT_LINES:
            break
        span = next(filter(None, (_span_of_ours(line, form, marks) for form in forms)), None)
        if span is not None:
            start, end = span
            texts = (line.text[:start].rstrip(), line.text[start:end].strip(), line.text[end:].lstrip())
            lines[index : index + 1] = line.split_into(*filter(None, texts))


def _span_of_ours(line: Line, form: Form, marks: Marks) -> tuple[int, int] | None:
    """Return where our email begins and ends on a line that has more than that, or None."""
    folded = line_fold(line)
    first = folded.find(form.head) if form.head else -1
    if first < 0 or folded in form.letters:
        return None
    head = form.letters.find(form.head)
    above = _common(folded[:first][::-1], form.letters[:head][::-1])
    common = above + _common(folded[first:], form.letters[head:])
    first -= above
    start, end = _place(line.text, first), _place(line.text, first + common)
    if common * 2 >= len(form.letters):
        return start, end
    introduction = line.text[:start].rstrip(TRAILING)
    before = evidence(introduction, marks)
    is_introduced = introduction.endswith(COLONS) and (before.address or before.known) and (before.wrote or before.date)
    return (start, end) if is_introduced and first + common == len(folded) else None


def _common(one: str, other: str) -> int:
    """Return the length of the common start of two texts."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one.startswith(other[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


def _place(text: str, letters: int) -> int:
    """Return the index in a text after this many letters of its folded form, and after links that follow them."""
    at = seen = 0
    for word in text.split():
        start = text.index(word, at)
        count = len(fold(word))
        if count and seen == letters:
            return start
        if seen + count > letters:
            return start + _place_in_word(word, letters - seen)
        seen += count
        at = start + len(word)
    return len(text)


def _place_in_word(word: str, letters: int) -> int:
    seen = 0
    for at, letter in enumerate(word):
        count = len(fold(letter))
        if count and seen >= letters:
            return at
        seen += count
    return len(word)
