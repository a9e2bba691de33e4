"""Evidence that a text is an attribution or a header: an address, a time, a verb."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from service.core.replies.client_phrases import ClientPhrases
from service.core.replies.patterns import pattern

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
# Outlook puts direction marks between the parts of a date.
_DIRECTIONS = dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "")
_PLAIN = _DIGITS | _DIRECTIONS | {0xA0: " ", 0x202F: " "}
_DIGIT = re.compile(r"\d")
_SPECIAL = re.compile(f"[{''.join(map(chr, _PLAIN))}]")
TRAILING = " *_\u00a0\u200e\u200f\u202c"
COLONS = (":", "：")
_LONGEST = 1_000  # no attribution is longer


@dataclass(frozen=True, slots=True)
class Marks:
    """The signs of a quotation: phrases of mail programs, traits of our email, and names of its recipient.

    Traits and names are casefolded.
    """

    phrases: ClientPhrases
    traits: tuple[str, ...] = field(default=(), repr=False)
    recipient_names: tuple[str, ...] = field(default=(), repr=False)


_ENDING = 6  # the fields from here on are about the end of a text


class Evidence(NamedTuple):
    """The evidence that a text is an attribution or a header."""

    address: bool
    known: bool  # our address, our name or our subject
    theirs: bool  # an address or a name of the person who answers
    date: bool
    time: bool
    wrote: bool
    colon: bool
    closed: bool  # ends with ">", like an address

    @property
    def dated(self) -> bool:
        """Return whether a full point in time is there."""
        return self.date and self.time

    @property
    def something(self) -> bool:
        """Return whether there is any evidence except its ending."""
        return self.address or self.known or self.date or self.time or self.wrote

    def below(self, above: "Evidence") -> "Evidence":
        """Return the evidence of both texts together; the ending is that of this one."""
        if above[:_ENDING] == self[:_ENDING] or not any(above[:_ENDING]):
            return self
        return Evidence(
            self.address or above.address,
            self.known or above.known,
            self.theirs or above.theirs,
            self.date or above.date,
            self.time or above.time,
            self.wrote or above.wrote,
            self.colon,
            self.closed,
        )


def evidence(text: str, marks: Marks) -> Evidence:
    """Return the evidence that `text` is an attribution."""
    text = text[:_LONGEST]
    if not text.isascii() and _SPECIAL.search(text) is not None:
        text = text.translate(_PLAIN)
    folded = text.casefold()
    end = text.rstrip(TRAILING)
    numbered = _DIGIT.search(text) is not None
    return Evidence(
        address="@" in text and "." in text,
        known=any(map(folded.__contains__, marks.traits)),
        theirs=names_them(folded, marks),
        date=numbered and _DATE.is_in(text),
        time=numbered and _TIME.is_in(text),
        wrote=marks.phrases.wrote.is_in(folded),
        colon=end.rstrip("-").rstrip().endswith(COLONS) or end.endswith("--"),
        closed=end.endswith(">"),
    )


def names_them(folded: str, marks: Marks) -> bool:
    """Return whether a casefolded text has an address or a name of the person who answers."""
    return any(map(folded.__contains__, marks.recipient_names)) and any(
        has_word(folded, name) for name in marks.recipient_names
    )


def has_word(text: str, word: str) -> bool:
    """Return whether a text has this word or phrase, with no letter or digit directly before or after."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum()):
            return True
        at = text.find(word, at + 1)
    return False
