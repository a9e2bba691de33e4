"""Kept lines as light Markdown: wrapped lines joined, lists and verse left as they are."""

from collections.abc import Sequence

from service.core.replies.lines import EMPHASIS, END, LINK, MARKS, RULE, STRONG, TARGET, Line

_WRAP_SHORTEST, _WRAP_LONGEST = 60, 100
_MARKDOWN = {STRONG: "**", EMPHASIS: "*"}


def markdown(line: Line) -> str:
    """Return a line of HTML with its marks as Markdown."""
    quote = "> " * line.depth if line.text else ""
    if not line.marked:
        return quote + line.text
    if line.marked == RULE:
        return "---"
    return quote + _links(_emphasis(_emphasis(line.marked, STRONG), EMPHASIS))


def _emphasis(text: str, mark: str) -> str:
    """Replace pairs of `mark`; white space goes outside them, and an empty pair goes away."""
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
    """Write a link as `[text](target)`, or as its text where that is the target already."""
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
    """Return lines of a text part with those joined that were broken only to fit a width.

    A line was broken there if the next word would not have fitted any more. Lists, quotations,
    indented lines and verse (short lines) stay.
    """
    width = max(map(len, lines), default=0)
    if not _WRAP_SHORTEST <= width <= _WRAP_LONGEST:
        return list(lines)
    out: list[str] = []
    above = ""
    for line in lines:
        if out and above and _goes_on(above, line, width):
            out[-1] = f"{out[-1].rstrip()} {line.strip()}"
        else:
            out.append(line)
        above = line
    return out


def _goes_on(above: str, line: str, width: int) -> bool:
    text = line.strip()
    if not text or not above.strip() or _starts_block(line):
        return False
    word = text.split(None, 1)[0]
    return len(above.rstrip()) + 1 + len(word) > width and len(above) >= _WRAP_SHORTEST - 12


def _starts_block(line: str) -> bool:
    """Whether a line begins something of its own: an item, a quotation, an indented line."""
    if line[:1] in " \t>|#":
        return True
    word = line.split(None, 1)[0]
    return word in {"-", "*", "+", "•", "–", "—", "·"} or (word[:-1].isdigit() and word[-1:] in ".)")
