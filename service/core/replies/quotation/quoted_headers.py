"""Header blocks and dividers that Outlook and others put above a quotation."""

from collections.abc import Sequence

from service.core.replies.client_phrases import ClientPhrases
from service.core.replies.lines import HeaderSigns, Line, line_evidence
from service.core.replies.quotation.evidence import COLONS, TRAILING, Evidence, Marks, evidence

_BLOCK_LINES = 16
_HEADERS = 10  # of a block, beyond which none comes twice
_LABEL_LETTERS, _LABEL_WORDS = 30, 3
_DIVIDER_LETTERS = 60
_DRAWN_LENGTH = 8
_UNKNOWN_LINES = 3
_LABELS_WORDS = 2
_FOLDED_AT = 30  # no program wraps a shorter header
_DATE_WORDS = 6
_SIGNS = "\u00a0 -_=*#>~|\u2014\u2500\t"
_RULE_LENGTH = 3
_RULES = ("-", "_", "=", "*", "~", "\u2014", "\u2500")


def header_block(lines: Sequence[Line], start: int, marks: Marks) -> int | None:
    """Return the line after a block of mail headers that begins at `start`, or None.

    Labels count in every known language. In any other, three adjacent lines of the form
    "label: value" count if there is an address and a time among them.
    """
    block = _Block(marks)
    after = index = start
    while index < len(lines) and index < start + _BLOCK_LINES:
        if header_signs(lines[index], marks.phrases).text:
            above = lines[index - 1].text if index > start else ""
            if not block.take(lines[index], above, gap=index > after):
                break
            after = index + 1
        elif index > after:
            break
        index += 1
    return after if block.complete() else None


class _Block:
    """A header block that is read line by line."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._roles: set[str] = set()
        self._taken = 0
        self._unknown = 0
        self._spaced = False
        self._bare = False
        self._last = ""
        self._address = self._timed = False

    def take(self, line: Line, above: str, *, gap: bool) -> bool:
        """Add one more line; return False if it does not belong to the block."""
        text, role = header_signs(line, self._marks.phrases)
        bare = _bare_header(line, self._marks) if role in {None, "?"} else ""
        if bare and self._follows(bare, gap=gap):
            role, self._bare = bare, True
        if role is None:
            goes_on = not gap and self._taken > 0 and (_continues(above) or self._goes_on(line, text, above))
            if goes_on and above.rstrip(TRAILING).endswith(COLONS):
                self._see(self._last, line_evidence(line, self._marks))  # its value stands below its label
            return goes_on
        if not self._follows(role, gap=gap):
            return False
        value = line_evidence(line, self._marks)
        if role == "?" and self._roles:
            return value.address or _continues(above)
        if self._unknown and (role == "from" or (role == "sent" and not self._address)):
            return False
        self._spaced = gap
        self._last = role
        self._taken += 1
        self._unknown += role == "?"
        self._roles |= {role} - {"?"}
        self._see(role, value)
        return True

    def _see(self, role: str, value: Evidence) -> None:
        self._address = self._address or value.address or value.known
        self._timed = self._timed or (value.dated and role in {"sent", "?"})

    def _follows(self, role: str, *, gap: bool) -> bool:
        """Return whether a header may be here: each once, and blank lines between all or none."""
        if role == "?" and gap:
            return False
        if role in self._roles and (role != "cc" or self._taken > _HEADERS):
            return False
        if self._taken == 1 and gap:
            return bool(self._roles & {"from", "sent"})
        return self._taken <= 1 or gap == self._spaced

    def _goes_on(self, line: Line, text: str, above: str) -> bool:
        """Return whether a line without a label is the rest of a wrapped header above it."""
        value = line_evidence(line, self._marks)
        words = len(text.split())
        if self._last in {"from", "to", "cc"}:
            is_address = value.address and (words == 1 or text.endswith(">"))
            is_begun = words == 1 and text.startswith("<")
            return is_address or is_begun or text.casefold().startswith(self._marks.phrases.on_behalf)
        if self._last == "sent":
            return (value.date or value.time) and words <= _DATE_WORDS
        return self._last == "subject" and text[:1].islower() and len(above) >= _FOLDED_AT

    def complete(self) -> bool:
        """Return whether the added lines are certainly headers."""
        heads = self._roles & {"from", "sent", "to", "subject"}
        if self._bare and not ("from" in heads and self._address and len(heads) > 1):
            return False
        if self._unknown:
            many = self._unknown + len(self._roles) >= _UNKNOWN_LINES
            return many and self._address and self._timed
        return len(heads) > 1 and bool(heads & {"from", "sent"}) and (self._address or self._timed)


def _header_text(text: str) -> str:
    """Return a line without symbols around it; the cells of a plain-text table's row become "label: value"."""
    text = text.strip(" *_\u00a0\t")
    if not text.startswith("|"):
        return text
    label, *values = (cell.strip() for cell in text[1:].split("|"))
    return f"{label}: {' '.join(values)}" if label and values else text


def header_signs(line: Line, phrases: ClientPhrases) -> HeaderSigns:
    """Return what a line looks like as a header, found out once."""
    if line.header is None:
        text = _header_text(line.text)
        line.header = HeaderSigns(text, _role(text, phrases))
    return line.header


def starts_header(line: Line, marks: Marks) -> bool:
    """Return whether a header block may begin with a line."""
    return header_signs(line, marks.phrases).role is not None or bool(_bare_header(line, marks))


def _bare_header(line: Line, marks: Marks) -> str:
    """Return the header of a line that has no colon after its label ('From "Mia" <mia@mail.example>'), or "".

    It is found out once.
    """
    if line.bare_header is None:
        line.bare_header = _bare_role(line, marks) or ""
    return line.bare_header


def _bare_role(line: Line, marks: Marks) -> str | None:
    """Return the header of such a line. The value must be evidence for it, except for a subject."""
    text = header_signs(line, marks.phrases).text
    if " " not in text:
        return None
    words = text.split(None, _LABELS_WORDS)
    if words[0].casefold() not in marks.phrases.label_openings:
        return None
    for count in range(min(len(words) - 1, _LABELS_WORDS), 0, -1):
        role = marks.phrases.roles.get(" ".join(words[:count]).casefold())
        value = line_evidence(line, marks) if role else None
        if value is None or value.colon:
            continue
        if role == "subject" or (value.dated if role == "sent" else value.address or value.known):
            return role
    return None


def header_role(line: Line, marks: Marks) -> str | None:
    """Return the name of the header that a line looks like, "?" in an unknown language, or None."""
    return header_signs(line, marks.phrases).role


def _role(text: str, phrases: ClientPhrases) -> str | None:
    colon = text.find(":", 0, _LABEL_LETTERS + 1)
    wide = -1 if text.isascii() else text.find("：", 0, _LABEL_LETTERS + 1)
    if wide > 0 and not 0 < colon < wide:
        colon = wide
    if colon <= 0:
        return None
    label = text[:colon].strip(" *_>\u00a0\t").casefold()
    role = phrases.roles.get(label)
    if role is not None:
        return role
    plain = label and len(label.split()) <= _LABEL_WORDS and not any(map(str.isdigit, label))
    return "?" if plain else None


def _continues(above: str) -> bool:
    """Return whether a line is the rest of a long header above it."""
    return (
        ("[" in above and "]" not in above)
        or ("<" in above and ">" not in above)
        or above.rstrip(" *\u00a0\t").endswith((",", ";", ":"))
    )


def divider(text: str, phrases: ClientPhrases) -> bool:
    """Return whether a line says "original message" after a rule, in any known language."""
    if not text.strip().startswith(_RULES):
        return False
    bare = text.strip(_SIGNS).casefold()
    return len(bare) <= _DIVIDER_LETTERS and bare.rstrip(" :：-") in phrases.original


def forwarded(text: str, phrases: ClientPhrases) -> bool:
    """Return whether a line introduces forwarded text, which the person chose to send."""
    bare = text.strip(_SIGNS).casefold()
    return len(bare) <= _DIVIDER_LETTERS and bare.rstrip(" :：-") in phrases.forwarded


def beside_quotation(text: str, phrases: ClientPhrases) -> bool:
    """Return whether a line in a rule names the quotation next to it ("Original", "Quoted message").

    It is not enough alone, because people use such headings.
    """
    return titled_rule(text) and text.strip(_SIGNS).casefold().rstrip(" :：-") in phrases.beside


def closing_rule(text: str, phrases: ClientPhrases) -> bool:
    """Return whether a line in a rule marks the end of a quotation."""
    return titled_rule(text) and text.strip(_SIGNS).casefold().rstrip(" :：-") in phrases.closing


def titled_rule(text: str) -> bool:
    """Return whether a line is a few words in the middle of a rule ("----- Mail original -----"), in any language."""
    stripped = text.strip(" *\u00a0\t")
    bare = stripped.strip(_SIGNS)
    before, _, after = stripped.partition(bare) if bare else ("", "", "")
    is_ruled = all(any(side.count(rule) >= _RULE_LENGTH for rule in _RULES) for side in (before, after))
    return is_ruled and len(bare) <= _DIVIDER_LETTERS


def dated_rule(text: str, marks: Marks) -> bool:
    """Return whether a line has a date and time between rules, as in Notes ("Mia ---03/09/2026 10:20---Re: tea")."""
    _, rule, rest = text.partition("---")
    date, closing, _ = rest.partition("---")
    return bool(rule and closing) and evidence(date, marks).dated


def reply_marker(text: str, phrases: ClientPhrases) -> bool:
    """Return whether a line is a service's "reply above this line", with a rule around it."""
    stripped = text.strip()
    bare = stripped.strip(_SIGNS)
    return bare != stripped and bare.casefold().rstrip(".:") in phrases.reply_above


def drawn(text: str) -> bool:
    """Return whether a line is a rule of characters."""
    bare = text.strip(" *").replace(" ", "")
    return len(bare) >= _DRAWN_LENGTH and not bare.strip("-_=\u2500\u2014")
