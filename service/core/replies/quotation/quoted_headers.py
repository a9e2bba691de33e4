"""Header blocks and dividers that Outlook and others put above a quotation."""

from collections.abc import Sequence

from service.core.replies.client_phrases import ClientPhrases
from service.core.replies.lines import Line, line_evidence
from service.core.replies.quotation.evidence import Marks

_BLOCK_LINES = 16
_LABEL_LETTERS, _LABEL_WORDS = 30, 3
_DIVIDER_LETTERS = 60
_DRAWN_LENGTH = 8
_UNKNOWN_LINES = 3
_SIGNS = "\u00a0 -_=*#>~|\u2014\u2500\t"
_RULES = ("-", "_", "=", "*", "~", "\u2014", "\u2500")


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
            above = lines[index - 1].text if index > start else ""
            if not block.take(lines[index], text, above, gap=index > after):
                break
            after = index + 1
        elif index > after:
            break
        index += 1
    return after if block.complete() else None


class _Block:
    """A header block as it grows, line by line."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._roles: set[str] = set()
        self._taken = 0
        self._unknown = 0
        self._spaced = False
        self._address = self._timed = False

    def take(self, line: Line, text: str, above: str, *, gap: bool) -> bool:
        """Take one more line; False where it does not belong to the block."""
        role = header_role(text, self._marks)
        if role is None:
            return not gap and self._taken > 0 and _continues(above)
        if not self._follows(role, gap=gap):
            return False
        value = line_evidence(line, self._marks)
        if role == "?" and self._roles:
            return value.address or _continues(above)
        if self._unknown and (role == "from" or (role == "sent" and not self._address)):
            return False
        self._spaced = gap
        self._taken += 1
        self._unknown += role == "?"
        self._roles |= {role} - {"?"}
        self._address = self._address or value.address or value.known
        self._timed = self._timed or (value.dated and role in {"sent", "?"})
        return True

    def _follows(self, role: str, *, gap: bool) -> bool:
        """Whether a header may stand here: once each, and blank lines between all or none."""
        if role == "?" and gap:
            return False
        if role in self._roles and role != "cc":
            return False
        if self._taken == 1 and gap:
            return bool(self._roles & {"from", "sent"})
        return self._taken <= 1 or gap == self._spaced

    def complete(self) -> bool:
        """Whether the lines taken are certainly headers."""
        heads = self._roles & {"from", "sent", "to", "subject"}
        if self._unknown:
            many = self._unknown + len(self._roles) >= _UNKNOWN_LINES
            return many and self._address and self._timed
        return len(heads) > 1 and bool(heads & {"from", "sent"}) and (self._address or self._timed)


def header_role(text: str, marks: Marks) -> str | None:
    """Return the header a line looks like: its name, "?" for one in an unknown language, or None."""
    colon = min((at for at in (text.find(":"), text.find("：")) if at > 0), default=-1)
    if not 0 < colon <= _LABEL_LETTERS:
        return None
    label = text[:colon].strip(" *_>\u00a0\t").casefold()
    role = marks.phrases.roles.get(label)
    if role is not None:
        return role
    plain = label and len(label.split()) <= _LABEL_WORDS and not any(map(str.isdigit, label))
    return "?" if plain else None


def _continues(above: str) -> bool:
    """Whether a line is the rest of a long header above it."""
    return (
        ("[" in above and "]" not in above)
        or ("<" in above and ">" not in above)
        or above.rstrip().endswith((",", ";"))
    )


def divider(text: str, phrases: ClientPhrases) -> bool:
    """Whether a line says "original message" after a rule, in any language the data know."""
    bare = text.strip(_SIGNS).casefold()
    if len(bare) > _DIVIDER_LETTERS or not text.strip().startswith(_RULES):
        return False
    return bare.rstrip(" :：-") in phrases.original


def forwarded(text: str, phrases: ClientPhrases) -> bool:
    """Whether a line says that what follows was forwarded: the person chose to send that on."""
    bare = text.strip(_SIGNS).casefold()
    return len(bare) <= _DIVIDER_LETTERS and bare.rstrip(" :：-") in phrases.forwarded


def reply_marker(text: str, phrases: ClientPhrases) -> bool:
    """Whether a line is a service's own "reply above this line", with something drawn around it."""
    stripped = text.strip()
    bare = stripped.strip(_SIGNS)
    return bare != stripped and bare.casefold().rstrip(".:") in phrases.reply_above


def drawn(text: str) -> bool:
    """Whether a line is a rule made of characters."""
    bare = text.strip(" *").replace(" ", "")
    return len(bare) >= _DRAWN_LENGTH and not bare.strip("-_=\u2500\u2014")
