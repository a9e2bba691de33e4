"""The lines by which a mail program introduces a quotation: "On ... wrote:", in any language."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.core.replies.lines import Line, blank
from service.core.replies.phrases import Phrases
from service.core.replies.scan import pattern

_TIME = pattern(
    r"(?:^|[^\d])\d{1,2}\s?(?:[:.hHp]|h |時|시|点|點)\s?\d{2}(?:[^\d]|$)"
    r"|\d{1,2}\s?[ap]\.?m\b|[时時點点시]"
)
_DATE = pattern(
    r"(?:^|[^\d])(?:(?:19|20|25)\d{2}(?:[^\d]|$)"
    r"|\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2}(?:[^\d]|$)|\d{1,2}[月월])"
)
# Arabic, Persian, Devanagari, Bengali, Thai and full-width digits.
_DIGITS = {zero + digit: str(digit) for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10) for digit in range(10)}
_TRAILING = " *_\u00a0\u200e\u200f\u202c"
_LEADING = " -*_\u202a\u202b\u200e\u200f"
_COLONS = (":", "：")
_LONGEST = 400
_LINES = 6
_LONGEST_LINE = 120
_LINES_ABOVE = 4
_WORDS_TO_DATE = 3


@dataclass(frozen=True, slots=True)
class Marks:
    """What tells a quotation: the phrases of mail programs, and the traits of what we sent."""

    phrases: Phrases
    traits: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for some text being an attribution or a header."""

    address: bool
    known: bool  # our address, our name or our subject
    date: bool
    time: bool
    wrote: bool
    colon: bool

    @property
    def dated(self) -> bool:
        """Whether a full point in time is there."""
        return self.date and self.time


def evidence(text: str, marks: Marks) -> Evidence:
    """Return what speaks for `text` being an attribution."""
    text = text.translate(_DIGITS) if not text.isascii() else text
    folded = text.casefold()
    end = text.rstrip(_TRAILING)
    return Evidence(
        address="@" in text and "." in text,
        known=any(trait in folded for trait in marks.traits),
        date=_DATE.search(text) is not None,
        time=_TIME.search(text) is not None,
        wrote=marks.phrases.wrote.search(folded) is not None,
        colon=end.rstrip("-").rstrip().endswith(_COLONS) or end.endswith("--"),
    )


def attribution_above(lines: Sequence[Line], end: int, marks: Marks, *, sure: bool) -> int | None:
    """Return the first line of the attribution whose last line is `end`, or None.

    `sure` tells that a quotation certainly follows: less has to speak for the attribution then.
    """
    if not _may_end(lines[end].text):
        return None
    text = ""
    for start in range(end, max(end - _LINES, -1), -1):
        line = lines[start]
        if blank(line) or len(text) + len(line.text) > _LONGEST:
            return None
        text = f"{line.text.strip()} {text}" if text else line.text.strip()
        found = evidence(text, marks)
        if _is_attribution(found, text, sure=sure):
            return _date_above(lines, start, found, marks)
    return None


def _may_end(text: str) -> bool:
    return text.rstrip(_TRAILING).endswith((*_COLONS, ">", "-", "]", ")"))


def _is_attribution(found: Evidence, text: str, *, sure: bool) -> bool:
    if sure:
        who = found.address or found.known
        return (
            (who and (found.wrote or found.date or found.time))
            or (found.wrote and found.colon and (found.date or found.time or text.startswith("-")))
            or (found.dated and found.colon)
        )
    if not (found.colon or text.endswith(">")):
        return False
    return (found.address and (found.wrote or found.dated)) or (found.date and found.wrote)


def _date_above(lines: Sequence[Line], start: int, found: Evidence, marks: Marks) -> int:
    """Return the start of an attribution, moved up over lines that hold its missing date."""
    dated = found.date
    torn = False
    for above in range(start - 1, max(start - 1 - _LINES_ABOVE, -1), -1):
        text = lines[above].text.strip()
        if dated or len(text) > _LONGEST_LINE or text.endswith((".", "!", "?")):
            break
        torn = torn or text == "<"
        if torn and text in {"", "<"}:
            continue
        more = evidence(text, marks)
        if not (more.date or more.time):
            break
        start, dated = above, more.date
    return start


def certain_unmarked(text: str, marks: Marks, *, strict: bool) -> bool:
    """Whether an attribution is certain enough to give up all that follows it unmarked.

    `strict` holds where we know what we sent and did not find it: only an address will do.
    """
    found = evidence(text, marks)
    if found.address and (found.wrote or found.dated):
        return True
    if strict:
        return False
    start = text.lstrip(_LEADING)
    if not (start[:1].isdigit() or start.startswith(marks.phrases.opening)):
        return False
    you = marks.phrases.you_wrote.search(text.casefold()) is not None
    return (found.dated and found.wrote) or (found.date and you)


def shared_line(text: str, marks: Marks) -> int | None:
    """Return where an attribution begins that stands behind words on the same line, or None."""
    if len(text) > _LONGEST or text.lstrip(_LEADING).startswith(marks.phrases.opening):
        return None
    words = text.split(" ")
    at = 0
    for number, word in enumerate(words):
        before = text[:at].strip(" -*_")
        opener = word.rsplit("-", 1)[-1]
        if len(before) > 1 and opener in marks.phrases.openers and _date_next(words[number + 1 :]):
            left = evidence(before, marks)
            found = evidence(text[at:], marks)
            if _is_attribution(found, text[at:], sure=False) and not (left.address or left.time):
                return at + len(word) - len(opener)
        at += len(word) + 1
    return None


def _date_next(words: Sequence[str]) -> bool:
    return any(c.isdigit() for word in words[:_WORDS_TO_DATE] for c in word)
