"""Kept lines as light Markdown: wrapped lines joined, lists and verse unchanged."""

from collections.abc import Sequence
from itertools import groupby, pairwise

from service.core.replies.lines import EMPHASIS, END, LINK, MARKS, RULE, STRONG, STRUCK, TARGET, Line

_WRAP_SHORTEST, _WRAP_LONGEST = 60, 100
_SHORTEST_BREAK = _WRAP_SHORTEST - 12
_VERSE_LINES = 3
_MARKDOWN = {STRUCK: "~~", STRONG: "**", EMPHASIS: "*"}  # in this order, innermost first


def markdown(line: Line) -> str:
    """Return a line of HTML with its marks as Markdown."""
    quote = "> " * line.depth if line.text else ""
    if not line.marked:
        return quote + line.text
    if line.marked == RULE:
        return "---"
    marked = line.marked
    for mark in _MARKDOWN:
        marked = _emphasis(marked, mark)
    return quote + _links(marked)


def _emphasis(text: str, mark: str) -> str:
    """Replace pairs of `mark`; white space moves outside a pair, and an empty pair is removed."""
    pieces = text.split(mark)
    for at in range(1, len(pieces), 2):
        inner = pieces[at].strip()
        if not inner.translate(MARKS).strip() or at == len(pieces) - 1:
            continue
        before = pieces[at][: len(pieces[at]) - len(pieces[at].lstrip())]
        after = pieces[at][len(pieces[at].rstrip()) :]
        pieces[at] = f"{before}{_MARKDOWN[mark]}{inner}{_MARKDOWN[mark]}{after}"
    return "".join(pieces)


def _links(text: str) -> str:
    """Write a link as `[text](target)`, or as its text if that is the target."""
    first, *rest = text.split(LINK)
    out = [first]
    for piece in rest:
        label, _, tail = piece.partition(TARGET)
        target, _, after = tail.partition(END)
        plain = label.strip()
        if not plain or not target or _same(plain, target):
            out.append(label + after)
        else:
            out.append(f"[{plain}]({target.replace(')', '%29').replace(' ', '%20')}){after}")
    return "".join(out)


def _same(label: str, target: str) -> bool:
    return label.rstrip("/").removeprefix("https://").removeprefix("http://") == (
        target.rstrip("/").removeprefix("https://").removeprefix("http://")
    )


def unfolded(lines: Sequence[str]) -> list[str]:
    """Return the lines of a text part, with lines joined that were only wrapped to fit a width.

    A line was wrapped if the first word of the next line would not have fitted on it. Lists, quotations,
    indented lines and verse (short lines) stay.
    """
    width = max(map(len, lines), default=0)
    if not _WRAP_SHORTEST <= width <= _WRAP_LONGEST:
        return list(lines)
    out: list[str] = []
    for is_blank, group in groupby(lines, lambda line: not line.strip()):
        paragraph = list(group)
        out += paragraph if is_blank else _joined(paragraph, width)
    return out


def _joined(paragraph: list[str], width: int) -> list[str]:
    """Return the lines of a paragraph, joined where a program wrapped them; verse is unchanged."""
    broken = [_goes_on(above, line, width) for above, line in pairwise(paragraph)]
    if _is_verse(paragraph, broken):
        return paragraph
    out = paragraph[:1]
    for line, goes_on in zip(paragraph[1:], broken, strict=True):
        if goes_on:
            out[-1] = f"{out[-1].rstrip()} {line.strip()}"
        else:
            out.append(line)
    return out


def _is_verse(paragraph: Sequence[str], broken: Sequence[bool]) -> bool:
    """Return whether a paragraph looks like verse: most lines end early, or each begins with a capital."""
    said = [at for at, line in enumerate(paragraph[1:]) if not _starts_block(line)]
    if len(said) + 1 < _VERSE_LINES:
        return False
    full = sum(broken[at] for at in said)
    return full * 2 < len(said) or all(line.lstrip()[:1].isupper() for line in paragraph)


def _goes_on(above: str, line: str, width: int) -> bool:
    """Return whether a line was wrapped: its first word would not have fitted on the line above."""
    if _starts_block(line):
        return False
    word = line.split(None, 1)[0]
    return len(above.rstrip()) + 1 + len(word) > width and len(above) >= _SHORTEST_BREAK


def _starts_block(line: str) -> bool:
    """Return whether a line begins a new block: an item, a quotation, an indented line."""
    if line[:1] in " \t>|#":
        return True
    word = line.split(None, 1)[0]
    return word in {"-", "*", "+", "•", "–", "—", "·"} or (word[:-1].isdigit() and word[-1:] in ".)")
