"""Whole sentences of a text, found by punctuation alone in one pass."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST_READ: Final = 50_000
LONGEST_SENTENCE: Final = 300
COMFORTABLE_PASSAGE: Final = 240
_SHORTEST_PASSAGE: Final = 12
_WRAPPED: Final = range(56, 101)
_WIDE: Final = "。！？｡"

# Ends of sentences in Latin, Chinese, Japanese, Hindi, Urdu and Arabic text.
_END = re.compile(r"(?P<stop>[.!?…؟۔।]+|(?P<wide>[。！？｡]+))(?P<close>[\"'”’»)\]」』）]*)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SHORT_FORMS: Final = frozenset({"mr", "mrs", "ms", "dr", "st", "prof", "rev", "vs", "etc", "approx", "no", "tel"})


def sentences(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the paragraphs of a text, each as a list of whole sentences with single spaces.

    In doubt two sentences are returned as one, since half a sentence is the greater fault.
    Only the first 50,000 characters are read; the time is linear in the length.
    """
    found = (_split(paragraph) for paragraph in _paragraphs(text[:LONGEST_READ]))
    return tuple(paragraph for paragraph in found if paragraph)


def passage_of(text: str, order: Callable[[int], bytes]) -> str | None:
    """Return one to a few whole sentences in a row from one paragraph, or None if none is short enough.

    The paragraph is the one that `order` ranks first; what the words say plays no part. It is quoted
    from its beginning, since "They came down an inch." is a puzzle to a reader who has forgotten what did.
    """
    runs = [run for paragraph in sentences(text) if (run := _run(paragraph))]
    # A paragraph of more than one word is preferred: "Fine." alone would be a puzzle too.
    runs = [run for run in runs if len(run) >= _SHORTEST_PASSAGE] or runs
    return runs[min(range(len(runs)), key=order)] if runs else None


def one_line(text: str) -> str:
    """Return the text without line breaks, control characters or runs of white space."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def _run(paragraph: Sequence[str]) -> str:
    """Return the first sentence that may be quoted, with those after it that still make a short passage."""
    quotable = itertools.dropwhile(lambda sentence: len(sentence) > LONGEST_SENTENCE, paragraph)
    text = next(quotable, "")
    for sentence in quotable:
        if len(text) + 1 + len(sentence) > COMFORTABLE_PASSAGE:
            break
        gap = "" if text[-1] in _WIDE else " "
        text = f"{text}{gap}{sentence}"
    return text


def _paragraphs(text: str) -> list[str]:
    """Return the parts between the line breaks that the writer made.

    A break after a line as long as mail programs make them is wrapping; any other is the writer's own.
    """
    paragraphs: list[str] = []
    joins = False
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line = one_line(raw)
        if line and joins:
            paragraphs[-1] = f"{paragraphs[-1]} {line}"
        elif line:
            paragraphs.append(line)
        joins = len(line) in _WRAPPED
    return paragraphs


def _split(paragraph: str) -> tuple[str, ...]:
    parts: list[str] = []
    start = 0
    for match in _END.finditer(paragraph):
        if _ends_sentence(paragraph, start, match):
            parts.append(paragraph[start : match.end()].strip())
            start = match.end()
    parts.append(paragraph[start:].strip())
    return tuple(part for part in parts if part)


def _ends_sentence(paragraph: str, start: int, match: re.Match[str]) -> bool:
    after = paragraph[match.end() : match.end() + 2]
    if match["wide"] or not after:
        return True
    if not after[0].isspace():
        return False
    goes_on = after[1:].islower() and (bool(match["close"]) or match["stop"] in {"...", "…"})
    return not goes_on and not (match["stop"] == "." and _is_short_form(paragraph, start, match.start()))


def _is_short_form(paragraph: str, start: int, end: int) -> bool:
    """Return whether the full stop belongs to an abbreviation like "Dr." or "p.m." rather than to a sentence."""
    word = paragraph[max(start, end - 12) : end].rpartition(" ")[2].lstrip("(\"'“‘").lower()
    return "." in word or (len(word) == 1 and word.isalpha() and word != "i") or word in _SHORT_FORMS
