"""Attribution lines, which introduce a quotation ("On ... wrote:"), in any language."""

import re
from collections.abc import Iterable, Sequence

from service.core.replies.lines import Line, blank, line_evidence
from service.core.replies.patterns import pattern
from service.core.replies.quotation.evidence import COLONS, TRAILING, Evidence, Marks, evidence

_LEADING = " -*_\u202a\u202b\u200e\u200f"
_LONGEST = 400
_LINES = 6
_VERB = 30
_LONGEST_LINE = 120
_LINES_ABOVE = 4
_WORDS_TO_DATE = 3
_SENTENCE_WORDS = 3
_OPENERS = 5  # on one line, each with a date next to it, that may begin an attribution
_NUMBERS = pattern(r"\pN+")
_LONG_PAST = pattern(r"\b(?:1[5-9]\d\d|20[01]\d)\b")  # before the service existed; in Persian dates it is 14xx now
_ENDINGS = (*COLONS, ">", "-", "]", ")")
_AT_OR_DIGIT = re.compile(r"[@\d]")
_SENTENCE_ENDS, _AFTER_SENTENCE = ".!?\u2026", " \u00a0\u2014\t"
_SENTENCE_ENDS_OF_CJK = "\u3002\uff01\uff1f"


def attribution_above(lines: Sequence[Line], end: int, marks: Marks, *, sure: bool) -> int | None:
    """Return the first line of the attribution whose last line is `end`, or None.

    `sure` means that a quotation certainly follows, so that less evidence is enough.
    """
    if not _may_end(lines[end], marks, sure=sure):
        return None
    found = line_evidence(lines[end], marks)
    size = 0
    for start in range(end, max(end - _LINES, -1), -1):
        line = lines[start]
        size += len(line.text)
        if blank(line) or size > _LONGEST:
            return None
        more = line_evidence(line, marks)
        if start < end and more.something:
            found = found.below(more)
        if not found.something:
            continue
        if start == end - 1 and not found.wrote:
            # "a" and "écrit :" may be on two lines.
            broken = f"{line.text.strip()[-_VERB:]} {lines[end].text.strip()[:_VERB]}"
            found = found.below(evidence(broken, marks))
        if _is_attribution(found, (each.text for each in lines[start : end + 1]), marks, sure=sure):
            return _date_above(lines, start, found, marks)
    return None


def may_end(text: str) -> bool:
    """Return whether an attribution may end like this line."""
    return text.rstrip(TRAILING).endswith(_ENDINGS)


def _may_end(line: Line, marks: Marks, *, sure: bool) -> bool:
    if not may_end(line.text):
        return False
    found = line_evidence(line, marks)
    return sure or found.colon or found.closed


def may_say_when(lines: Sequence[Line], end: int) -> bool:
    """Return whether the lines that an attribution may have, up to `end`, have an at sign or a digit."""
    return _AT_OR_DIGIT.search(" ".join([line.text for line in lines[max(end + 1 - _LINES, 0) : end + 1]])) is not None


def _is_attribution(found: Evidence, texts: Iterable[str], marks: Marks, *, sure: bool) -> bool:
    """Return whether the evidence is enough for texts together to be an attribution."""
    if sure:
        if (found.address or found.known or found.theirs) and (found.wrote or found.date or found.time):
            return True
        is_likely = found.colon and (found.wrote or found.dated)
        return is_likely and _is_impersonal(found, " ".join(texts).lstrip(), marks)
    if not (found.colon or found.closed):
        return False
    return (found.address and (found.wrote or found.dated)) or (found.date and found.wrote)


def _is_impersonal(found: Evidence, text: str, marks: Marks) -> bool:
    """Return whether a program wrote an attribution that has no address and no name of ours.

    People also introduce what they quote. A program gives the whole date, not from long ago, with the time or as the
    first thing, and does not mention relatives.
    """
    folded = text.casefold()
    if marks.phrases.i_wrote.is_in(folded) or marks.phrases.own_people.is_in(folded):
        return False
    if text.startswith("-"):
        return True
    is_past = bool(marks.traits) and _LONG_PAST.is_in(text)
    is_opened = text[:1].isdigit() or text.startswith(marks.phrases.opening)
    return found.date and (found.time or is_opened) and not is_past and len(_NUMBERS.findall(text)) > 1


def _date_above(lines: Sequence[Line], start: int, found: Evidence, marks: Marks) -> int:
    """Return the start of an attribution, moved up to include the lines with its missing date."""
    dated = found.date
    torn = False
    for above in range(start - 1, max(start - 1 - _LINES_ABOVE, -1), -1):
        text = lines[above].text.strip()
        if dated or len(text) > _LONGEST_LINE or text.endswith((".", "!", "?")):
            break
        torn = torn or text == "<"
        if torn and text in {"", "<"}:
            continue
        more = line_evidence(lines[above], marks)
        if not (more.date or more.time):
            break
        start, dated = above, more.date
    return start


def certain_unmarked(lines: Sequence[Line], marks: Marks, *, strict: bool) -> bool:
    """Return whether an attribution is certain enough to leave out all unmarked lines after it.

    `strict` is for a mail in which our known email was not found: then the attribution needs an address.
    """
    found = line_evidence(lines[-1], marks)
    for line in lines[:-1]:
        found = found.below(line_evidence(line, marks))
    if found.address and (found.wrote or found.dated):
        return True
    start = lines[0].text.lstrip(_LEADING)
    if strict or not (start[:1].isdigit() or start.startswith(marks.phrases.opening)):
        return False
    if found.dated and found.wrote:
        return True
    text = " ".join(line.text for line in lines).casefold()
    return found.date and marks.phrases.you_wrote.is_in(text)


def shared_line(text: str, marks: Marks) -> int | None:
    """Return where an attribution begins after words on the same line, or None."""
    if len(text) > _LONGEST or text.lstrip(_LEADING).startswith(marks.phrases.opening):
        return None
    words = text.split(" ")
    at = tried = 0
    for number, word in enumerate(words):
        before = text[:at].strip(" -*_")
        opener = word.rsplit("-", 1)[-1]
        is_opener = opener in marks.phrases.openers and len(before) > 1 and _date_next(words[number + 1 :])
        if is_opener and tried < _OPENERS:
            tried += 1
            left = evidence(before, marks)
            found = evidence(text[at:], marks)
            if _is_attribution(found, [text[at:]], marks, sure=False) and not (left.address or left.time):
                return at + len(word) - len(opener)
        at += len(word) + 1
    return None


def after_sentence(text: str, marks: Marks) -> int | None:
    """Return where an attribution begins after a whole sentence on the same line, or None.

    It must name us or the recipient. It begins after the last sentence end after which the evidence is still complete.
    The text before it must not look like a part of the attribution ("Mon. 2 nov. 2026"): it has no digits, or a
    sentence of three words after them, and is not the start of an attribution.
    """
    start = text.lstrip(_LEADING)
    if start[:1].isdigit() or start.startswith(marks.phrases.opening):
        return None
    ends = [0]
    for index, letter in enumerate(text[:-1], start=1):
        if letter in _SENTENCE_ENDS_OF_CJK or (letter in _SENTENCE_ENDS and text[index] in _AFTER_SENTENCE):
            ends.append(index)
    for before, end in zip(ends[-2::-1], ends[:0:-1], strict=True):
        found = evidence(text[end:], marks)
        if (
            (found.known or found.theirs)
            and (found.date or found.time)
            and _is_attribution(found, [text[end:]], marks, sure=True)
        ):
            fragment = text[before:end]
            is_date = any(map(str.isdigit, fragment)) or (
                any(map(str.isdigit, text[:end])) and len(fragment.split()) < _SENTENCE_WORDS
            )
            return None if is_date else end
    return None


def _date_next(words: Sequence[str]) -> bool:
    return any(c.isdigit() for word in words[:_WORDS_TO_DATE] for c in word)
