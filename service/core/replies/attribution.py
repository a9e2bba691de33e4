"""The lines by which a mail program introduces a quotation: "On ... wrote:", header blocks."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.core.replies.lines import Line, blank
from service.core.replies.phrases import Phrases
from service.core.replies.scan import pattern

_TIME = pattern(r"(?:^|[^\d])\d{1,2}\s?(?:[:.hHp]|h |時|시|点|點)\s?\d{2}(?:[^\d]|$)|\d{1,2}\s?[ap]\.?m\b|[時时點点시]")
_DATE = pattern(r"(?:^|[^\d])(?:(?:19|20|25)\d{2}(?:[^\d]|$)|\d{1,2}[./-]\d{1,2}[./-]\d{2}(?:[^\d]|$)|\d{1,2}[月월])")
_DIGITS = {
    ord(c): str(n % 10)
    for run in (0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10)
    for n, c in enumerate(map(chr, range(run, run + 10)))
}
_ENDS = (":", "：", ":\u200f", ":\u200e", ": \u202c")
LONGEST = 400
_BLOCK_LINES = 16


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for some text being an attribution."""

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


@dataclass(frozen=True, slots=True)
class Marks:
    """What the reader looks for around a quotation: general phrases, and our own traits."""

    phrases: Phrases
    traits: tuple[str, ...] = ()


def evidence(text: str, marks: Marks) -> Evidence:
    """Return what speaks for `text` being an attribution."""
    text = text.translate(_DIGITS) if not text.isascii() else text
    lower = text.casefold()
    return Evidence(
        address="@" in text and "." in text,
        known=any(trait in lower for trait in marks.traits),
        date=_DATE.search(text) is not None,
        time=_TIME.search(text) is not None,
        wrote=marks.phrases.wrote.search(lower) is not None,
        colon=text.rstrip(" \u00a0-_*\u200e\u200f\u202c").endswith((":", "："))
        or text.rstrip().endswith(("---", "--")),
    )


def attribution_above(lines: Sequence[Line], end: int, marks: Marks, *, sure: bool) -> int | None:
    """Return the first line of the attribution whose last line is `end`, or None.

    `sure` tells that a quotation certainly follows: less has to speak for the attribution then.
    """
    last = lines[end].text
    if not _may_end(last, marks):
        return None
    text = ""
    for start in range(end, max(end - 6, -1), -1):
        line = lines[start]
        if blank(line) or len(text) + len(line.text) > LONGEST:
            return None
        text = f"{line.text.strip()} {text}" if text else line.text.strip()
        found = evidence(text, marks)
        if _is_attribution(found, text, sure=sure):
            return _date_above(lines, start, found, marks)
    return None


def _may_end(last: str, marks: Marks) -> bool:
    tail = last.rstrip(" *_\u00a0\u200e\u200f\u202c")
    return bool(tail) and (
        tail.endswith((":", "：", ">", "-", "]", ")")) or marks.phrases.wrote.search(tail[-40:].casefold()) is not None
    )


def _is_attribution(found: Evidence, text: str, *, sure: bool) -> bool:
    who = found.address or found.known
    if sure:
        return (
            (who and (found.wrote or found.date or found.time))
            or (found.wrote and found.colon and (found.date or found.time or text.startswith("-")))
            or (found.dated and found.colon)
        )
    ends = found.colon or text.endswith(">")
    return ends and ((found.address and (found.wrote or found.dated)) or (found.date and found.wrote))


def _date_above(lines: Sequence[Line], start: int, found: Evidence, marks: Marks) -> int:
    """Return the start of an attribution, moved up over lines that hold its missing date."""
    dated = found.date
    torn = False
    for above in range(start - 1, max(start - 5, -1), -1):
        line = lines[above]
        if dated or len(line.text) > 120 or line.text.rstrip().endswith((".", "!", "?")):
            break
        torn = torn or line.text.strip() == "<"
        if torn and not line.text.strip(" <"):
            continue
        more = evidence(line.text, marks)
        if not (more.date or more.time):
            break
        start, dated = above, more.date
    return start


def shared_line(text: str, marks: Marks) -> int | None:
    """Return where an attribution begins that stands behind words on the same line, or None."""
    if not _may_end(text, marks) or len(text) > LONGEST:
        return None
    words = text.split(" ")
    at = 0
    for number, word in enumerate(words):
        rest = text[at:]
        opener = word.lstrip("-*_")[-4:] if word.endswith(("--- On", "On")) else word
        if number and opener in marks.phrases.openers and _date_next(words[number + 1 :]):
            found = evidence(rest, marks)
            before = evidence(text[:at], marks)
            if _is_attribution(found, rest, sure=False) and not (before.address or before.time):
                return at
        at += len(word) + 1
    return None


def _date_next(words: Sequence[str]) -> bool:
    return any(c.isdigit() for word in words[:3] for c in word)


# --- header blocks -------------------------------------------------------------------------


def header_block(lines: Sequence[Line], start: int, marks: Marks) -> int | None:
    """Return the line after a block of mail headers that begins at `start`, or None.

    Labels count in any language the data know; in any other, three neighbouring lines of the
    form "label: value" with an address and a time among them do.
    """
    block = _Block(marks)
    after = index = start
    while index < len(lines) and index < start + _BLOCK_LINES:
        text = lines[index].text.strip(" *_\u00a0\t")
        if text:
            if not block.take(text, lines[index - 1].text if index > start else "", gap=index > after):
                break
            after = index + 1
        elif index - after >= 1:
            break
        index += 1
    return after if block.complete() else None


class _Block:
    """A header block as it grows, line by line."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._roles: set[str] = set()
        self._unknown = 0
        self._address = self._dated = self._timed = False

    def take(self, text: str, above: str, *, gap: bool) -> bool:
        """Take one more line; False where it does not belong to the block."""
        role = header_role(text, self._marks)
        if role is None:
            return not gap and bool(self._roles or self._unknown) and _continues(above, text)
        if role == "?":
            if gap or self._roles:
                return not gap and _continues(above, text)
            self._unknown += 1
        else:
            if self._unknown and (gap or role in {"from", "sent"}):
                return False
            self._roles.add(role)
        value = evidence(text, self._marks)
        self._address = self._address or value.address or value.known
        self._timed = self._timed or (value.dated and role in {"sent", "?"})
        return True

    def complete(self) -> bool:
        """Whether the lines taken are certainly headers."""
        heads = self._roles & {"from", "sent", "to", "subject"}
        if self._unknown:
            return self._unknown + len(self._roles) >= 3 and self._address and self._timed
        return len(heads) >= 2 and bool(heads & {"from", "sent"}) and (self._address or self._timed)


def header_role(text: str, marks: Marks) -> str | None:
    """Return the header a line looks like: its name, "?" for one in an unknown language, or None."""
    colon = min((at for at in (text.find(":"), text.find("：")) if at > 0), default=-1)
    if not 0 < colon <= 30:
        return None
    label = text[:colon].strip(" *_>\u00a0\t").casefold()
    role = marks.phrases.roles.get(label)
    if role is not None:
        return role
    return "?" if label and len(label.split()) <= 3 and not any(map(str.isdigit, label)) else None


def _continues(above: str, text: str) -> bool:
    """Whether a line is the rest of a long header above it."""
    return (
        "[" in above
        and "]" not in above
        or "<" in above
        and ">" not in above
        or above.rstrip().endswith((",", ";"))
        or len(text) < 40
    )


# --- dividers ------------------------------------------------------------------------------


def divider(text: str, phrases: Phrases) -> bool:
    """Whether a line says "original message" between rules, in any language the data know."""
    bare = text.strip(" -_=*#>~|\u2014\u2500\t").casefold()
    return len(bare) < 60 and text.strip()[:2] in _RULES and bare.rstrip(" :：-") in phrases.original


_RULES = ("--", "__", "==", "**", "- ", "~~", "——", "──", "-")


def reply_marker(text: str, phrases: Phrases) -> bool:
    """Whether a line is a service's own "reply above this line", with something drawn around it."""
    stripped = text.strip()
    bare = stripped.strip(" -_=*#>~|\u2014\u2500\t").casefold()
    return bare != stripped.casefold() and bare.rstrip(".:") in phrases.reply_above


def drawn(text: str) -> bool:
    """Whether a line is a rule made of characters."""
    bare = text.strip().replace(" ", "").strip("*")
    return len(bare) >= 8 and not bare.strip("-_=\u2500\u2014*")
