"""Telling whether a program or a person wrote a mail (RFC 3834, RFC 3464, RFC 8098)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Self

Headers = Sequence[tuple[str, str]]

_EMPTY_PATH = "<>"
_REPORTS = ("multipart/report", "message/disposition-notification", "message/delivery-status", "text/calendar")
_TELLING_PARTS = frozenset(
    {
        "text/vnd.google.email-reaction+json",  # developers.google.com/workspace/gmail/reactions/format
        "message/disposition-notification",
        "message/delivery-status",
        "message/global-delivery-status",
    }
)
_CALENDAR = "text/calendar"
_CALENDAR_ANSWER = b"METHOD:REPLY"  # RFC 5546, section 3.2.3
_CALENDAR_HEAD_BYTES = 4096
_PROGRAMS = ("mailer-daemon@", "postmaster@", "noreply@", "no-reply@", "donotreply@", "do-not-reply@", "bounce@")
_BULK = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_ENDS_A_PHRASE = frozenset(":-–—([!.|,;/：【（")
_LONGEST_REACTION = 200
_LEAST_QUOTED = 6
_SYMBOLS_FROM = 0x2190  # first code point of the symbols and emoji; letters of names come before it


class MailAuthor(Enum):
    """Who seems to have written a mail.

    A mail that is perhaps a program's becomes an entry if it has a token; one that probably is, if it also quotes us.
    """

    PERSON = "person"
    PERHAPS_PROGRAM = "perhaps a program"
    PROBABLY_PROGRAM = "probably a program"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class AutomaticSigns:
    """The signs of programs that reply automatically, in many languages; all casefolded."""

    headers: frozenset[str]
    openings: tuple[str, ...]
    subjects: tuple[str, ...]
    reactions: tuple[str, ...]
    tapbacks: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the signs in a TOML document.

        Raises:
            ValueError: the text is not TOML.
            KeyError: a table or a list is missing; the key names it.
        """
        data = tomllib.loads(text)
        absence, reactions = data["absence"], data["reactions"]
        return cls(
            frozenset(data["headers"]["certain"]),
            _folded(absence["openings"]),
            _folded(absence["subjects"]),
            _folded(reactions["phrases"]),
            _folded(reactions["tapbacks"]),
        )


def author_of(
    headers: Headers, signs: AutomaticSigns, *, envelope_sender: str, from_address: str | None, own: Iterable[str]
) -> MailAuthor:
    """Return who seems to have written a mail, by its headers alone.

    `envelope_sender` is `<>` for the empty return path, and "" if it is unknown. `own` are our addresses, and our
    domains with an @ before them. `List-Id`, `Precedence` and `X-Auto-Response-Suppress` alone are weak signs: people
    write through lists and from systems that set them. A subject about an absence is a stronger sign, but a person
    may have typed it. After any other sign the mail is never answered.
    """
    values = {name.lower(): value.strip().lower() for name, value in reversed(headers)}
    if _is_certain(values, signs, envelope_sender) or _is_program_address((from_address or "").lower(), own):
        return MailAuthor.PROGRAM
    if _tells_of_absence(values.get("subject", ""), signs):
        return MailAuthor.PROBABLY_PROGRAM
    if "list-id" in values or values.get("precedence", "") in _BULK or "x-auto-response-suppress" in values:
        return MailAuthor.PERHAPS_PROGRAM
    return MailAuthor.PERSON


def is_delivery_report(headers: Headers) -> bool:
    """Return whether a mail claims to be a delivery report (RFC 3464); this alone does not make its content true."""
    kinds = [value.lower() for name, value in headers if name.lower() == "content-type"]
    return any(kind.startswith("multipart/report") and "delivery-status" in kind for kind in kinds[:1])


def holds_telling_part(parts: Iterable[tuple[str, bytes]]) -> bool:
    """Return whether one of a mail's parts, as (content type, content), is one that only a program writes."""
    return any(
        kind in _TELLING_PARTS
        or (kind == _CALENDAR and _CALENDAR_ANSWER in data[:_CALENDAR_HEAD_BYTES].upper().replace(b" ", b""))
        for kind, data in parts
    )


def is_reaction(words: str, answered: str, signs: AutomaticSigns) -> bool:
    """Return whether these words are an emoji reaction that a mail program wrote, not a person.

    `answered` is the text of our email that was answered: a tapback quotes it.
    """
    line = " ".join(words.split()).casefold()
    if not line or len(line) > _LONGEST_REACTION:
        return False
    return any(_reports_reaction(line, phrase) for phrase in signs.reactions) or any(
        _quotes(line.removeprefix(f"{verb} "), answered) for verb in signs.tapbacks if line.startswith(f"{verb} ")
    )


def _is_certain(values: Mapping[str, str], signs: AutomaticSigns, envelope_sender: str) -> bool:
    return (
        _EMPTY_PATH in {envelope_sender.strip(), values.get("return-path")}
        or values.get("auto-submitted", "no").partition(";")[0].strip() != "no"
        or values.get("content-type", "").startswith(_REPORTS)
        or "autoresponder" in values.get("x-post-messageclass", "")
        or not signs.headers.isdisjoint(values)
    )


def _is_program_address(sender: str, own: Iterable[str]) -> bool:
    ours = {address.lower() for address in own}
    return sender.startswith(_PROGRAMS) or sender in ours or f"@{sender.rpartition('@')[2]}" in ours


def _tells_of_absence(subject: str, signs: AutomaticSigns) -> bool:
    line = " ".join(subject.casefold().split())
    while line.startswith("[") and "]" in line:  # [EXTERNAL], which a mail server added
        line = line.partition("]")[2].strip()
    if line.startswith(signs.openings):
        return True
    rests = (line.removeprefix(phrase).strip() for phrase in signs.subjects if line.startswith(phrase))
    return any(not rest or rest[0] in _ENDS_A_PHRASE for rest in rests)


def _reports_reaction(line: str, phrase: str) -> bool:
    """Return whether a line reports a reaction and nothing else: an emoji and a name before, no words after."""
    before, found, after = line.partition(phrase)
    has_picture = any(ord(character) >= _SYMBOLS_FROM and not character.isalnum() for character in before + after)
    return bool(found) and not any(map(str.isalnum, after)) and (has_picture or after.strip() == ":")


def _quotes(rest: str, answered: str) -> bool:
    inside = rest.strip()
    if len(inside) < _LEAST_QUOTED or inside[0] not in "“\"«„'‘" or inside[-1] not in "”\"»“'’":
        return False
    letters = _letters(inside)
    return len(letters) >= _LEAST_QUOTED and letters in _letters(answered)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _folded(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(phrase.casefold() for phrase in phrases)
