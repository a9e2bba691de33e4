"""Finding the lines of our email in a reply, even if a mail program changed them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.core.replies.lines import Line

SURE = 12  # letters and digits (of Latin weight): an equal text of this length is no coincidence
_GRAM = 6
_PROMPT_LETTERS = 32_000
_SIGNS_IN_ASCII = dict.fromkeys(code for code in range(0x80) if not chr(code).isalnum())


def fold(text: str) -> str:
    """Return the letters and digits of `text`, casefolded, without links and addresses."""
    if "://" in text or "@" in text or "www." in text:
        text = without_links(text)
    folded = text.casefold()
    return folded.translate(_SIGNS_IN_ASCII) if folded.isascii() else "".join(filter(str.isalnum, folded))


def line_fold(line: Line) -> str:
    """Return the folded text of a line, cached."""
    if line.folded is None:
        line.folded = fold(line.text)
    return line.folded


def without_links(text: str) -> str:
    """Return `text` without URLs, email addresses and the brackets around them."""
    words = [
        _without_link(word) if ":" in word or "@" in word or word.startswith("www.") else word for word in text.split()
    ]
    return " ".join(filter(None, words))


def _without_link(word: str) -> str:
    at = word.find("://")
    if at >= 0:
        start = at
        while start > 0 and word[start - 1].isascii() and word[start - 1].isalpha():
            start -= 1
        return word[:start].rstrip("<([")
    if "@" in word:
        return word[: word.find("<")] if "<" in word else ""
    return "" if word.startswith("www.") else word


def bare_link(text: str) -> str:
    """Return the URL of a line that is only a URL, else ""."""
    bare = text.strip(" <>[]()\u00a0")
    return bare if "://" in bare and " " not in bare else ""


def weight(folded: str) -> int:
    """Return the length of a folded text in Latin letters; a Chinese character counts as three."""
    return len(folded) if folded.isascii() else (len(folded.encode()) + len(folded)) // 2


@dataclass(frozen=True, slots=True)
class Form:
    """One form (the text, or the text of the HTML) of an email that we sent."""

    letters: str = field(repr=False)
    head: str = field(repr=False)  # its first line that is long enough to be unique
    lines: frozenset[str] = field(repr=False)
    grams: frozenset[str] = field(repr=False)
    links: frozenset[str] = field(repr=False)
    rules: frozenset[str] = field(default=frozenset(), repr=False)  # its lines of signs alone, such as "--"

    @classmethod
    def of(cls, lines: Sequence[str]) -> "Form":
        """Return the form with these lines, without their placeholders."""
        folds = [fold(_without_placeholders(line)) for line in lines]
        letters = "".join(folds)[:_PROMPT_LETTERS]
        grams = frozenset(letters[n : n + _GRAM] for n in range(len(letters) - _GRAM + 1))
        links = frozenset(bare_link(line) for line, folded in zip(lines, folds, strict=True) if not folded)
        head = next((folded for folded in folds if weight(folded) >= SURE), "")
        rules = frozenset(line.strip() for line, folded in zip(lines, folds, strict=True) if not folded) - links
        return cls(letters, head, frozenset(filter(None, folds)), grams, links - {""}, rules - {""})

    def place(self, folded: str, after: int) -> int:
        """Return the position of `folded` at or after `after`, or -1.

        A short text counts only directly at `after`, or as a whole line.
        """
        if self.letters.startswith(folded, after):
            return after
        if folded in self.lines or (self._has_pieces(folded) and weight(folded) >= SURE):
            return self.letters.find(folded, after)
        return -1

    def has(self, folded: str) -> bool:
        """Return whether a folded line is a line of this form, or a part of it too long for a coincidence."""
        if folded in self.lines:
            return True
        may_be = len(folded) < _GRAM or self._has_pieces(folded)
        return may_be and weight(folded) >= SURE and folded in self.letters

    def _has_pieces(self, folded: str) -> bool:
        """Return whether each letter of a text is in a piece of it that this form has, which is found out quickly."""
        if folded[:_GRAM] not in self.grams or folded[-_GRAM:] not in self.grams:
            return False
        return self.grams.issuperset([folded[at : at + _GRAM] for at in range(_GRAM, len(folded) - _GRAM, _GRAM)])


def _without_placeholders(line: str) -> str:
    start = line.find("%recipient.")
    while start >= 0:
        end = line.find("%", start + 1)
        line = line[:start] + " " + (line[end + 1 :] if end >= 0 else "")
        start = line.find("%recipient.")
    return line


@dataclass(slots=True)
class Run:
    """Adjacent lines that match our email in its order. `last` is included."""

    first: int
    last: int
    start: int
    end: int
    letters: int = 0
    marked: bool = True
    lines: list[int] = field(default_factory=list)


def runs_of(lines: Sequence[Line], form: Form) -> list[Run]:
    """Return the runs of `form` in `lines`, top to bottom."""
    runs: list[Run] = []
    run: Run | None = None
    for index, line in enumerate(lines):
        folded = line_fold(line)
        if not folded:
            continue
        at = form.place(folded, run.end if run else 0)
        if at < 0 and run is not None:
            run, at = None, form.place(folded, 0)
        if at < 0 or (run is None and weight(folded) < SURE and folded not in form.lines):
            run = None
            continue
        if run is None:
            run = Run(index, index, at, at)
            runs.append(run)
        run.last, run.end = index, at + len(folded)
        run.letters += len(folded)
        run.marked = run.marked and line.quoted
        run.lines.append(index)
    return runs
