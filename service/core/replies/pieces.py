"""Building the shown words and the restorable pieces from marked lines."""

from collections.abc import Sequence

from service.core.replies.html.markdown import markdown, unfolded
from service.core.replies.lines import Line, blank
from service.core.replies.values import Reason, ReplyWords, TrimmedPiece


def words_of(lines: Sequence[Line], over: str, *, is_html: bool) -> ReplyWords:
    """Return the kept lines as words, and the others as trimmed pieces with their positions."""
    writer = _Writer(is_html)
    for line in lines:
        writer.add(line)
    return writer.words(over)


class _Writer:
    """Collects kept lines in blocks, since a wrapped line never continues after a piece that was left out."""

    def __init__(self, is_html: bool) -> None:
        self._is_html = is_html
        self._text: list[str] = []
        self._bare: list[str] = []
        self._trimmed: list[TrimmedPiece] = []
        self._block: list[Line] = []
        self._piece: list[str] = []
        self._reason: Reason | None = None
        self._set_aside = False

    def add(self, line: Line) -> None:
        """Add the next line."""
        if line.reason != self._reason or (line.set_aside != self._set_aside and not blank(line)):
            self._end_piece()
        if line.reason is None:
            self._block.append(line)
            return
        self._end_block()
        self._reason = line.reason
        self._set_aside = self._set_aside or line.set_aside
        self._piece.append(line.raw)

    def words(self, over: str) -> ReplyWords:
        """Return the words and pieces of all lines."""
        self._end_piece()
        self._end_block()
        return ReplyWords("\n".join(self._text), tuple(self._trimmed), over, "\n".join(self._bare))

    def _end_piece(self) -> None:
        if self._reason is not None:
            text = "\n".join(self._piece).strip("\n")
            if text.strip():
                self._trimmed.append(TrimmedPiece(self._reason, text, len(self._text), self._set_aside))
        self._piece.clear()
        self._reason, self._set_aside = None, False

    def _end_block(self) -> None:
        block, self._block = _without_blank_ends(self._block), []
        if not block:
            return
        if self._text:
            self._text.append("")
            self._bare.append("")
        if self._is_html:
            self._text.extend(map(markdown, block))
            self._bare.extend(line.text for line in block)
        else:
            lines = unfolded([line.raw.rstrip() for line in block])
            self._text.extend(lines)
            self._bare.extend(lines)


def _without_blank_ends(block: list[Line]) -> list[Line]:
    said = [index for index, line in enumerate(block) if not blank(line)]
    return block[said[0] : said[-1] + 1] if said else []
