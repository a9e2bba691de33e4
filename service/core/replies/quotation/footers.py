"""Signatures, device lines and legal footers, beside a quotation or at the end."""

from collections.abc import Iterator, Sequence

from service.core.replies.client_phrases import ClientPhrases
from service.core.replies.lines import Hint, Line, blank
from service.core.replies.quotation.line_matching import without_links
from service.core.replies.quotation.quoted_headers import drawn
from service.core.replies.values import Reason

_DELIMITERS = ("--", "\u2014")
_SIGNATURE_LINES = 20
_SIGNATURE_LETTERS = 1_500
_SHORT_SIGNATURE_LINES = 7
_SENTENCE_WORDS = 3
_ABBREVIATION_LETTERS = 5
_DEVICE_LETTERS = 100
_SENT_FROM_WORDS, _SENT_FROM_END_WORDS, _GET_WORDS = 14, 6, 7
_NOTICE_LETTERS = 60
_LIST_LINES = 7
_PARAGRAPH_LINES = 30
_CUTS = 8  # footers under one another; more are no mail program's
_SYSTEMS = frozenset({"ios", "android", "mac", "windows", "mobile"})
_ENDS = (".", "!", "?", "…", ",", ";", "。", "！", "？", "、")
_AROUND = " -_*<>()[]|\t\u200b\ufeff\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u2014"


def mark_footers(lines: Sequence[Line], phrases: ClientPhrases) -> None:
    """Mark what mail programs and companies put under a person's words."""
    for first, end in list(_stretches(lines)):
        after = end
        for _ in range(_CUTS):
            cut = _cut(lines, first, after, phrases)
            if cut is None:
                break
            start, reason = cut
            for line in lines[start:after]:
                line.reason = reason
            after = start


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


def _cut(lines: Sequence[Line], first: int, after: int, phrases: ClientPhrases) -> tuple[int, Reason] | None:
    """Return where the lowest footer or signature of a stretch begins, and which it is."""
    while after > first and blank(lines[after - 1]):
        after -= 1
    if after == first:
        return None
    last = lines[after - 1]
    if device_line(last.text, phrases) or phrases.footer_lines.search(_bare(last.text)):
        return after - 1, "footer"
    if last.hint & Hint.SIGNATURE:
        start = _hinted(lines, first, after)
        if start is not None:
            return start, "signature"
    start = _closing_paragraph(lines, first, after, phrases)
    if start is not None:
        return start, "footer"
    start = _delimited(lines, first, after)
    return None if start is None else (start, "signature")


def _hinted(lines: Sequence[Line], first: int, after: int) -> int | None:
    """Return the start of a signature that the HTML marks, unless the person's words are in it."""
    start = after
    while start > first and (lines[start - 1].hint & Hint.SIGNATURE or blank(lines[start - 1])):
        start -= 1
    alone = all(map(blank, lines[first:start]))
    if alone and not _looks_signed(lines[start:after]):
        return None
    if sum(len(line.text) for line in lines[start:after]) > _SIGNATURE_LETTERS:
        return None
    if start > first and lines[start - 1].text.strip() in _DELIMITERS:
        start -= 1
    return start


def _looks_signed(lines: Sequence[Line]) -> bool:
    """Whether lines look like a signature: few, and none that ends as a sentence does."""
    said = [line.text.strip() for line in lines if line.text.strip(" -")]
    return len(said) <= _SHORT_SIGNATURE_LINES and not any(map(_is_said, said))


def _is_said(text: str) -> bool:
    """Whether a line ends as a sentence or a verse does, not with an abbreviation ("Ltd.")."""
    words = text.split()
    if not text.endswith(_ENDS) or (text.isascii() and len(words) < _SENTENCE_WORDS):
        return False
    return not (words[-1][0].isupper() and len(words[-1]) <= _ABBREVIATION_LETTERS)


def device_line(text: str, phrases: ClientPhrases) -> bool:
    """Whether a line is a device's or a program's own ("Sent from my iPhone"), in any language."""
    bare = _bare(text).rstrip(".。")
    if not 0 < len(bare) <= _DEVICE_LETTERS or any(c in ",;?!…" for c in bare) or ". " in bare:
        return False
    words = bare.split()
    if phrases.get.search(bare) is not None and _SYSTEMS & {word.partition("'")[0] for word in words}:
        return len(words) <= _GET_WORDS
    named = phrases.devices.search(bare) is not None
    found = phrases.sent_from.search(bare)
    if found is not None and len(words) <= _SENT_FROM_WORDS:
        return named
    if not named or len(words) > _SENT_FROM_END_WORDS:
        return False
    return phrases.sent_from_end.search(bare) is not None


def _bare(text: str) -> str:
    """Return a line folded for comparison: no links, no signs around it, one kind of apostrophe."""
    if "://" in text or "@" in text:
        text = without_links(text)
    return text.replace("\u2019", "'").replace("\u00a0", " ").strip(_AROUND).casefold()


def _closing_paragraph(lines: Sequence[Line], first: int, after: int, phrases: ClientPhrases) -> int | None:
    """Return the start of a legal notice, a virus note or a list's footer that closes a stretch."""
    start = after - 1
    while start > first and not blank(lines[start - 1]) and not drawn(lines[start].text):
        start -= 1
        if after - start > _PARAGRAPH_LINES:
            return None
    said = [line.text for line in lines[start:after]]
    text = " ".join(said).casefold()
    listed = drawn(said[0]) and len(said) <= _LIST_LINES and phrases.lists.search(text) is not None
    legal = len(text) >= _NOTICE_LETTERS and phrases.notices.search(text) is not None
    bare = _bare(said[0])
    opened = phrases.footer_lines.search(bare) is not None or device_line(said[0], phrases)
    return start if listed or legal or opened else None


def _delimited(lines: Sequence[Line], first: int, after: int) -> int | None:
    """Return the line of the last signature delimiter, if what follows may be a signature.

    Two hyphens and a space (RFC 3676) are one; two hyphens alone only right above a few lines
    that look like a signature: people draw lines with hyphens.
    """
    for start in range(after - 1, max(first, after - 1 - _SIGNATURE_LINES) - 1, -1):
        if lines[start].text.strip() not in _DELIMITERS:
            continue
        tail = lines[start + 1 : after]
        if sum(len(line.text) for line in tail) > _SIGNATURE_LETTERS:
            return None
        raw = lines[start].raw
        if raw.rstrip(" \u00a0") == "--" and raw != "--":
            return start
        close = bool(tail) and not blank(tail[0])
        return start if close and _looks_signed(tail) else None
    return None
