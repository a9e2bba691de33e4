"""The scores: exact, no loss and no leak."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.replies.cases import Case
from bench.replies.readers import Reader

_BULLETS = frozenset("-*+•·–—◦▪")


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares of the cases, in per cent."""

    exact: float
    no_loss: float
    no_leak: float


@dataclass(frozen=True, slots=True)
class CaseScores:
    """The scores of one case."""

    exact: bool
    no_loss: bool
    no_leak: bool


def score(reader: Reader, cases: Sequence[Case]) -> Scores:
    """Return the scores of a reader on `cases`."""
    verdicts = [judge(case, reader.read(case)) for case in cases]
    share = 100 / len(cases)
    return Scores(
        exact=share * sum(v.exact for v in verdicts),
        no_loss=share * sum(v.no_loss for v in verdicts),
        no_leak=share * sum(v.no_leak for v in verdicts),
    )


def judge(case: Case, words: str) -> CaseScores:
    """Return the scores of `words`; white space, bullets and invisible characters do not count."""
    got = normal(words)
    exact = any(got == normal(form) for form in case.accepted)
    return CaseScores(
        exact=exact,
        no_loss=exact or _has_lines(case.expected, got),
        no_leak=exact or not Counter(got.split()) - Counter(normal(case.most).split()),
    )


def normal(text: str) -> str:
    """Return the form of a text that is compared."""
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf" and c != "\ufe0f")
    return " ".join(word for line in visible.split("\n") for word in _without_bullet(line))


def _without_bullet(line: str) -> list[str]:
    words = line.split()
    return words[1:] if len(words) > 1 and words[0] in _BULLETS else words


def _has_lines(expected: str, got: str) -> bool:
    at = 0
    for line in map(normal, expected.split("\n")):
        found = got.find(line, at)
        if found < 0:
            return False
        at = found + len(line)
    return True
