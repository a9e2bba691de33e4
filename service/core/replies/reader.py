"""Reading a reply: the words the person wrote, and each piece that was taken away."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from service.core.replies.attribution import Marks
from service.core.replies.footers import mark_footers
from service.core.replies.html import html_lines
from service.core.replies.lines import Hint, Line, blank, clean, plain_lines
from service.core.replies.markdown import markdown, unfolded
from service.core.replies.phrases import Phrases
from service.core.replies.quotation import Signs, mark_by_signs, mark_ours
from service.core.replies.recognition import Form, fold
from service.core.replies.words import Reason, Sent, Trimmed, Words

CAP = 256 * 1024
_KEPT_SHARE = 0.3


def read_words(plain: str | None, html: str | None, sent: Sent | None, phrases: Phrases) -> Words:
    """Return the person's own words in a reply, with what was trimmed and why.

    Both parts are read by themselves; the HTML's words are taken, since it knows paragraphs
    from wrapped lines, unless the text part has words that are nowhere in the HTML.
    """
    text_read = _read_plain(plain, sent, phrases) if plain else None
    html_read = _read_html(html, sent, phrases) if html else None
    chosen = _choose(text_read, html_read)
    return chosen.words() if chosen else Words("")


@dataclass(slots=True)
class _Read:
    """One part of a mail, read."""

    lines: list[Line] = field(repr=False)
    over: str = field(repr=False)
    is_html: bool
    anchored: bool

    def kept(self) -> str:
        """Return the letters and digits of what was kept."""
        return "".join(fold(line.text) for line in self.lines if line.reason is None)

    def words(self) -> Words:
        """Return the kept lines as Markdown, and the others as trimmed pieces."""
        writer = _Writer(self.is_html)
        for line in self.lines:
            writer.add(line)
        return writer.words(self.over)


def _read_plain(plain: str, sent: Sent | None, phrases: Phrases) -> _Read:
    text, over = _capped(clean(plain))
    lines = plain_lines(text)
    return _marked(lines, over, sent, phrases, is_html=False)


def _read_html(html: str, sent: Sent | None, phrases: Phrases) -> _Read:
    lines = html_lines(clean(html), phrases)
    size = 0
    for index, line in enumerate(lines):
        size += len(line.text) + 1
        if size > CAP:
            rest = [lines[index].text[CAP - size :]] if index == 0 else []
            cut = max(index, 1)
            over = "\n".join(rest + [each.text for each in lines[cut:]])
            return _marked(lines[:cut], over, sent, phrases, is_html=True)
    return _marked(lines, "", sent, phrases, is_html=True)


def _capped(text: str) -> tuple[str, str]:
    """Return what is read, and the rest: cut at a line end where one is near."""
    if len(text) <= CAP:
        return text, ""
    cut = text.rfind("\n", CAP // 2, CAP) + 1 or CAP
    return text[:cut], text[cut:]


def _marked(lines: list[Line], over: str, sent: Sent | None, phrases: Phrases, *, is_html: bool) -> _Read:
    for line in lines:
        if line.hint & Hint.HIDDEN:
            line.reason = "footer"
    anchored = False
    marks = Marks(phrases, _traits(sent))
    if sent is not None:
        anchored = mark_ours(lines, _forms(sent, phrases), marks)
    start = 0
    if anchored:
        start = 1 + max(index for index, line in enumerate(lines) if line.reason in {"quotation", "attribution"})
    mark_by_signs(lines, start, Signs(marks, strict=sent is not None))
    mark_footers(lines, phrases)
    read = _Read(lines, over, is_html, anchored)
    return read


def _traits(sent: Sent | None) -> tuple[str, ...]:
    if sent is None:
        return ()
    traits = (sent.reply_address, sent.sender_name, sent.subject)
    return tuple(t.casefold() for t in traits if len(t) >= 3 and "%recipient." not in t)


@lru_cache(maxsize=64)
def _forms(sent: Sent, phrases: Phrases) -> tuple[Form, ...]:
    """Return the text and the HTML of what went out, ready to be found. Replies to one prompt share it."""
    forms = []
    if sent.text.strip():
        forms.append(Form.of([line.text for line in plain_lines(clean(sent.text))]))
    if sent.html.strip():
        forms.append(Form.of([line.text for line in html_lines(clean(sent.html), phrases)]))
    return tuple(form for form in forms if form.letters)


def _choose(text: _Read | None, html: _Read | None) -> _Read | None:
    if text is None or html is None:
        return text or html
    text_kept, html_kept = text.kept(), html.kept()
    if text_kept == html_kept or not text_kept:
        return html if html_kept or not text_kept else text
    if not html_kept:
        return text if not html.anchored or text.anchored else html
    if text.anchored != html.anchored:
        return text if text.anchored else html
    if html_kept in text_kept:
        whole = "".join(fold(line.text) for line in html.lines)
        missing = [line for line in text.lines if line.reason is None and fold(line.text) not in whole]
        return text if missing else html
    if text_kept in html_kept:
        return text if text.anchored else html
    return html


class _Writer:
    """Puts kept lines into words and the others into pieces, each with its place."""

    def __init__(self, is_html: bool) -> None:
        self._is_html = is_html
        self._out: list[str] = []
        self._bare: list[str] = []
        self._block: list[Line] = []
        self._trimmed: list[Trimmed] = []
        self._piece: list[str] = []
        self._reason: Reason | None = None

    def add(self, line: Line) -> None:
        """Take the next line."""
        if line.reason is None:
            self._end_piece()
            self._block.append(line)
            return
        if line.reason != self._reason:
            self._end_piece()
        self._end_block()
        self._reason = line.reason
        self._piece.append(line.raw)

    def words(self, over: str) -> Words:
        """Return all of it."""
        self._end_piece()
        self._end_block()
        text, bare = self._out, self._bare
        while text and not text[-1].strip():
            text.pop()
        while bare and not bare[-1].strip():
            bare.pop()
        return Words("\n".join(text), tuple(self._trimmed), over, "\n".join(bare))

    def _end_piece(self) -> None:
        if self._reason is not None:
            text = "\n".join(self._piece).strip("\n")
            if text.strip():
                self._trimmed.append(Trimmed(self._reason, text, len(self._out)))
            self._piece.clear()
            self._reason = None

    def _end_block(self) -> None:
        block = self._block
        self._block = []
        while block and blank(block[0]):
            block.pop(0)
        while block and blank(block[-1]):
            block.pop()
        if not block:
            return
        if self._out:
            self._out.append("")
            self._bare.append("")
        if self._is_html:
            self._out.extend(map(markdown, block))
            self._bare.extend(line.text for line in block)
        else:
            lines = unfolded([line.raw.rstrip() for line in block])
            self._out.extend(lines)
            self._bare.extend(lines)


def all_kept(lines: Sequence[Line]) -> bool:
    """Whether nothing was trimmed."""
    return all(line.reason is None for line in lines)
