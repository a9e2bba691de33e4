"""Signatures, device lines and legal footers, next to a quotation or at the end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.core.replies.client_phrases import ClientPhrases
from service.core.replies.lines import Hint, Line, blank
from service.core.replies.quotation.program_lines import device_line, known_device_line, program_line
from service.core.replies.quotation.quoted_headers import drawn
from service.core.replies.values import Reason

_DELIMITERS = ("--", "\u2014")
_BOLD = " \u00a0\t*_"
_SIGNATURE_LINES = 20
_SIGNATURE_LETTERS = 1_500
_SHORT_SIGNATURE_LINES = 7
_SENTENCE_WORDS = 3
_ABBREVIATION_LETTERS = 5
_NOTICE_LETTERS, _LONG_NOTICE_LETTERS = 60, 200
_TELEPHONE_DIGITS = 6
_NAME_WORDS = 3
_WRAPPED_LETTERS = 40
_POSTSCRIPTS = ("ps ", "ps:", "pps", "p s ")
_LIST_LINES = 7
_PARAGRAPH_LINES = 30
_STRETCHES = 200  # the last ones of a mail; nobody writes footers in the middle of as many answers
_CUTS = 8  # footers in a row; no mail program adds more
_TYPING_ERRORS = ("typo", "tippfehler")
_SENTENCE_ENDS = (". ", "! ", "? ")
_ENDS = (".", "!", "?", "…", ",", ";", "。", "！", "？", "、")


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a footer or a signature begins; `certain` and `doubtful` mean the same as in `Line`."""

    start: int
    reason: Reason
    certain: bool = False
    doubtful: bool = False


def mark_footers(lines: list[Line], phrases: ClientPhrases) -> None:
    """Mark the footers and signatures that mail programs and companies add below a person's words."""
    _split_device_lines(lines, phrases)
    for first, end in list(_stretches(lines))[-_STRETCHES:]:
        after = end
        for _ in range(_CUTS):
            cut = _cut(lines, first, after, phrases)
            if cut is None:
                break
            for line in lines[cut.start : after]:
                line.reason, line.certain, line.doubtful = cut.reason, cut.certain, cut.doubtful
            after = cut.start


def _stretches(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of kept lines; each ends at a quotation or at the end of the mail."""
    first = 0
    for index, line in enumerate(lines):
        if line.reason is not None:
            if first < index:
                yield first, index
            first = index + 1
    if first < len(lines):
        yield first, len(lines)


def _split_device_lines(lines: list[Line], phrases: ClientPhrases) -> None:
    """Split the last line of each stretch where a device's own whole line stands behind a sentence on it."""
    for first, end in reversed(list(_stretches(lines))[-_STRETCHES:]):
        last = next((at for at in range(end - 1, first - 1, -1) if not blank(lines[at])), first)
        line = lines[last]
        at = max(line.text.rfind(sign) for sign in _SENTENCE_ENDS) + 2
        if at < len(_SENTENCE_ENDS[0]) or line.marked:
            continue
        if known_device_line(line.text[at:], phrases):
            lines[last : last + 1] = line.split_at(at)


def _cut(lines: Sequence[Line], first: int, after: int, phrases: ClientPhrases) -> _Cut | None:
    """Return the lowest footer or signature of a stretch, or None."""
    while after > first and blank(lines[after - 1]):
        after -= 1
    if after == first:
        return None
    last = lines[after - 1]
    if program_line(last.text, phrases):
        is_of_a_device = device_line(last.text, phrases)
        return _Cut(_with_delimiter(lines, first, after - 1), "footer", certain=is_of_a_device)
    if last.hint & Hint.SIGNATURE:
        start = _hinted(lines, first, after)
        if start is not None:
            return _Cut(start, "signature")
    cut = _closing_paragraph(lines, first, after, phrases)
    if cut is not None:
        return cut
    start = _table(lines, first, after)
    return _delimited(lines, first, after, phrases) if start is None else _Cut(start, "signature", certain=True)


def _with_delimiter(lines: Sequence[Line], first: int, start: int) -> int:
    """Return the start of a program's line, moved up over a delimiter of two hyphens or a dash right above it."""
    return start - 1 if start - 1 > first and lines[start - 1].text.strip(_BOLD) in _DELIMITERS else start


def _hinted(lines: Sequence[Line], first: int, after: int) -> int | None:
    """Return the start of a signature that the HTML marks, unless the person's words are in it."""
    start = after
    while start > first and (lines[start - 1].hint & Hint.SIGNATURE or blank(lines[start - 1])):
        start -= 1
    box = lines[start:after]
    alone = all(map(blank, lines[first:start]))
    if (alone and not (_looks_signed(box) and _has_contact(box))) or any(map(_is_postscript, box)):
        return None
    if sum(len(line.text) for line in lines[start:after]) > _SIGNATURE_LETTERS:
        return None
    if start > first and lines[start - 1].text.strip() in _DELIMITERS:
        start -= 1
    return start


def contact_block(lines: Sequence[Line]) -> bool:
    """Return whether lines are a contact block: a few, without a sentence, with a name above or a contact."""
    said = [line for line in lines if line.text.strip(" -\u2014")]
    return bool(said) and _looks_signed(said) and (_has_contact(said) or _is_name(said[0].text.strip()))


def _looks_signed(lines: Sequence[Line]) -> bool:
    """Return whether lines look like a signature: few, and none ends like a sentence."""
    said = [line.text.strip() for line in lines if line.text.strip(" -")]
    return len(said) <= _SHORT_SIGNATURE_LINES and not any(map(_is_said, said))


def _is_one_line(lines: Sequence[Line]) -> bool:
    """Return whether lines are one line, or one long line that was wrapped."""
    if len(lines) <= 1:
        return bool(lines)
    first, second, *more = (line.text for line in lines)
    return not more and len(first) >= _WRAPPED_LETTERS and second[:1].islower()


def _keeps_words(lines: Sequence[Line]) -> bool:
    return any(line.reason is None and not blank(line) for line in lines)


def _has_contact(lines: Sequence[Line]) -> bool:
    """Return whether lines have an address, a link or a telephone number."""
    texts = [line.text for line in lines]
    return any("@" in text or "://" in text or sum(map(str.isdigit, text)) >= _TELEPHONE_DIGITS for text in texts)


def _is_name(text: str) -> bool:
    """Return whether a line may be a name: up to three words, each with a capital."""
    words = text.split()
    return 0 < len(words) <= _NAME_WORDS and all(word[0].isupper() for word in words) and not _is_said(text)


def _is_postscript(line: Line) -> bool:
    return line.text.lstrip(" *_").casefold().replace(".", "").startswith(_POSTSCRIPTS)


def _is_said(text: str) -> bool:
    """Return whether a line ends like a sentence or a verse, not with an abbreviation ("Ltd.")."""
    words = text.split()
    if not text.endswith(_ENDS) or (text.isascii() and len(words) < _SENTENCE_WORDS):
        return False
    return not (words[-1][0].isupper() and len(words[-1]) <= _ABBREVIATION_LETTERS)


def _closing_paragraph(lines: Sequence[Line], first: int, after: int, phrases: ClientPhrases) -> _Cut | None:
    """Return a legal notice, a virus scanner's note or a list's footer at the end of a stretch."""
    start = after - 1
    while start > first and not blank(lines[start - 1]) and not drawn(lines[start].text):
        start -= 1
        if after - start > _PARAGRAPH_LINES:
            return None
    said = [line.text for line in lines[start:after]]
    text = " ".join(said).casefold()
    has_link = "://" in text or "@" in text
    listed = drawn(said[0]) and has_link and len(said) <= _LIST_LINES and phrases.lists.is_in(text)
    opened = len(said) > 1 and program_line(said[0], phrases)
    if phrases.is_personal(text) or not (listed or opened or _is_notice(lines, start, text, phrases)):
        return None
    return _Cut(start, "footer", certain=listed)


def _is_notice(lines: Sequence[Line], start: int, text: str, phrases: ClientPhrases) -> bool:
    """Return whether a closing paragraph is a legal notice.

    One phrase is not enough, since people use each of them: two signs are needed. A notice that would leave less than
    a third of a person's text needs two phrases, or a position that only a footer has.
    """
    if len(text) < _NOTICE_LETTERS:
        return False
    found = len({match.strip() for match in phrases.notices.findall(text)})
    if not found:
        return False
    before = next((line for line in reversed(lines[:start]) if not blank(line)), None)
    placed = drawn(lines[start].text) or (before is not None and (before.reason is not None or drawn(before.text)))
    signs = min(found - 1, 2) + placed + (len(text) >= _LONG_NOTICE_LETTERS)
    kept = sum(len(line.text) for line in lines[:start] if line.reason is None)
    return kept > 0 and signs > 0 and (found > 1 or placed or kept * 2 >= len(text))


def _is_apology(lines: Sequence[Line], phrases: ClientPhrases) -> bool:
    """Return whether lines excuse the typing errors made on a device, as many people's signatures do."""
    text = " ".join(line.text for line in lines).casefold()
    return any(word in text for word in _TYPING_ERRORS) and phrases.devices.is_in(text)


def _table(lines: Sequence[Line], first: int, after: int) -> int | None:
    """Return the start of a contact block that NetEase writes as a plain-text table, between lines of bars."""
    starts = [at for at in range(max(first, after - _SHORT_SIGNATURE_LINES), after) if _is_bars(lines[at].text)]
    if not starts or starts[-1] != after - 1 or not _has_contact(lines[starts[0] : after]):
        return None
    return starts[0]


def _is_bars(text: str) -> bool:
    return "|" in text and not text.strip("| \u00a0\t")


def _delimited(lines: Sequence[Line], first: int, after: int, phrases: ClientPhrases) -> _Cut | None:
    """Return the signature below the last delimiter, if what follows may be one.

    Two hyphens and a space (RFC 3676) are a delimiter. Two hyphens or a dash alone are one only directly above a name,
    or above a few lines with an address or a telephone number; two hyphens also above one last line. People draw
    lines with hyphens, and write verse and lists below them.
    """
    for start in range(after - 1, max(first, after - 1 - _SIGNATURE_LINES) - 1, -1):
        if lines[start].text.strip(_BOLD) not in _DELIMITERS:
            continue
        tail = lines[start + 1 : after]
        if sum(len(line.text) for line in tail) > _SIGNATURE_LETTERS:
            return None
        raw = lines[start].raw.strip("*_")
        if raw.rstrip(" \u00a0") == "--" and raw != "--":
            return _Cut(start, "signature")
        close = bool(tail) and not blank(tail[0])
        last_line = raw.strip() == "--" and _is_one_line(tail) and _keeps_words(lines[:start])
        signed = last_line or _has_contact(tail) or (close and _is_name(tail[0].text))
        if not (close and signed and _looks_signed(tail)):
            return None
        return _Cut(start, "signature", doubtful=not (contact_block(tail) or _is_apology(tail, phrases)))
    return None
