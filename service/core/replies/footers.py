"""Signatures, device lines and legal footers: only beside the quotation or at the end."""

from collections.abc import Iterator, Sequence

from service.core.replies.attribution import drawn
from service.core.replies.lines import Hint, Line, blank
from service.core.replies.phrases import Phrases
from service.core.replies.recognition import without_links
from service.core.replies.words import Reason

_DELIMITERS = ("--", "\u2014", "--\u00a0")
_SYSTEMS = ("ios", "android", "mac", "windows", "mobile")
_SIGNATURE_LINES = 20
_SIGNATURE_LETTERS = 1_500


def mark_footers(lines: Sequence[Line], phrases: Phrases) -> None:
    """Mark what mail programs and companies put under a person's words."""
    for first, after in _segments(lines):
        while (cut := _cut(lines, first, after, phrases)) is not None:
            start, reason = cut
            for line in lines[start:after]:
                line.reason = reason
            after = start


def _segments(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of kept lines that end at a quotation or at the end of the mail."""
    first = 0
    for index, line in enumerate(lines):
        if line.reason is not None:
            if first < index:
                yield first, index
            first = index + 1
    if first < len(lines):
        yield first, len(lines)


def _cut(lines: Sequence[Line], first: int, after: int, phrases: Phrases) -> tuple[int, Reason] | None:
    """Return where the lowest footer or signature of a stretch begins, and which it is."""
    while after > first and blank(lines[after - 1]):
        after -= 1
    if after == first:
        return None
    last = lines[after - 1]
    if last.hint & Hint.SIGNATURE:
        start = _hinted(lines, first, after)
        if start is not None:
            return start, "signature"
    if device_line(last.text, phrases) or phrases.footer_lines.search(_bare(last.text)):
        return after - 1, "footer"
    start = _closing_paragraph(lines, first, after, phrases)
    if start is not None:
        return start, "footer"
    start = _delimited(lines, first, after)
    return None if start is None else (start, "signature")


def _hinted(lines: Sequence[Line], first: int, after: int) -> int | None:
    """Return the start of a signature that the HTML marks, unless it holds a letter's worth."""
    start = after
    while start > first and (lines[start - 1].hint & Hint.SIGNATURE or blank(lines[start - 1])):
        start -= 1
    size = sum(len(line.text) for line in lines[start:after])
    alone = all(blank(line) for line in lines[first:start])
    if size > _SIGNATURE_LETTERS or (alone and not _looks_signed(lines[start:after])):
        return None
    if start > first and lines[start - 1].text.strip() in _DELIMITERS:
        start -= 1
    return start


def _looks_signed(lines: Sequence[Line]) -> bool:
    """Whether lines look like a signature: short ones, and none that ends as a sentence does."""
    said = [line.text.strip() for line in lines if line.text.strip(" -")]
    return len(said) <= 8 and not any(
        text.endswith((".", "!", "?", "…", "。")) and len(text.split()) >= 5 for text in said
    )


def device_line(text: str, phrases: Phrases) -> bool:
    """Whether a line is a device's or a program's own ("Sent from my iPhone"), in any language."""
    bare = _bare(text)
    if not 0 < len(bare) <= 100 or any(c in bare for c in ",;?!…"):
        return False
    bare = bare.rstrip(".。")
    if ". " in bare and not phrases.footer_lines.search(bare):
        return False
    words = len(bare.split())
    named = phrases.devices.search(bare) is not None
    if phrases.get.search(bare) is not None:
        return words <= 7 and any(f" {system}" in f" {bare}" for system in _SYSTEMS)
    found = phrases.sent_from.search(bare)
    if found is not None and words <= 14:
        if named:
            return True
        rest = without_links(text).strip(" -_*<>()")[found.end() :].split()
        return bool(rest) and len(rest) <= 5 and all(word[0].isupper() or word[0].isdigit() for word in rest)
    return named and words <= 6 and phrases.sent_from_end.search(bare) is not None


def _bare(text: str) -> str:
    """Return a line folded for comparison: no links, no signs around it, one kind of apostrophe."""
    if "://" in text or "@" in text:
        text = without_links(text)
    return (
        text.replace("\u2019", "'")
        .replace("\u00a0", " ")
        .strip(" -_*<>()[]|\t\u200b\ufeff\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u2014")
        .casefold()
    )


def _closing_paragraph(lines: Sequence[Line], first: int, after: int, phrases: Phrases) -> int | None:
    """Return the start of a legal notice, a virus note or a list's footer that closes a stretch."""
    start = after - 1
    while start > first and not blank(lines[start - 1]) and not _ends_block(lines[start]):
        start -= 1
    said = [line.text for line in lines[start:after]]
    text = " ".join(said).casefold()
    if phrases.footer_lines.search(_bare(said[0])) is not None or _bare_notice(said[0], phrases):
        return start
    if drawn(said[0]) and len(said) <= 7 and phrases.lists.search(text) is not None:
        return start
    if phrases.notices.search(text) is not None and len(text) >= 60:
        return start
    return None


def _bare_notice(text: str, phrases: Phrases) -> bool:
    return device_line(text, phrases)


def _ends_block(line: Line) -> bool:
    return drawn(line.text)


def _delimited(lines: Sequence[Line], first: int, after: int) -> int | None:
    """Return the line of the last signature delimiter, if what follows may be a signature."""
    for start in range(after - 1, max(first - 1, after - 2 - _SIGNATURE_LINES), -1):
        text = lines[start].text
        if text.strip() not in _DELIMITERS:
            continue
        tail = [line.text for line in lines[start + 1 : after]]
        size = sum(map(len, tail))
        if size > _SIGNATURE_LETTERS:
            return None
        if _exact(lines[start]):
            return start
        short = len(tail) <= 7 and bool(tail) and bool(tail[0].strip())
        return start if short and _looks_signed(lines[start + 1 : after]) else None
    return None


def _exact(line: Line) -> bool:
    """Whether this is the delimiter of RFC 3676: two hyphens and a space."""
    return line.raw.strip("\r\n").rstrip(" \u00a0") == "--" and line.raw.strip("\r\n") != "--"
