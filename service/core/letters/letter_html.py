"""A letter's blocks as HTML, for an email or for its page: a few elements, no address that is fetched by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from service.core.letters.blocks import (
    Block,
    CodeBlock,
    CodeSpan,
    Divider,
    Embed,
    Emphasis,
    Heading,
    Inline,
    ItemList,
    LetterBody,
    LetterLink,
    LetterTable,
    LineBreak,
    NoteMark,
    Paragraph,
    PictureBlock,
    Quotation,
    Strong,
    Struck,
    Words,
    plain,
)
from service.core.text.direction import runs_right_to_left

MOST_COLUMNS: Final = 4  # more do not fit a telephone
# At most 100 characters of a line of code, up to a space if there is one: no word is broken that need not be.
_CODE_RUN = re.compile(r".{1,100}$|.{1,100}(?<=\s)|.{1,100}")
EMAIL_WIDTH: Final = 496  # pixels within the card of an email
# What the provider fills in, or takes for its own link (Mailgun, Sending messages: template variables). The `%20` of an
# address begins none.
_PLACEHOLDER = re.compile(r"%(?=recipient\.[^%\s]*%|(?![0-9a-f]{2})[^%\s]*unsubscribe[^%\s]*%)", re.IGNORECASE)
_WORD_JOINER = "\u2060"
_TAGS: Final = {Strong: "strong", Emphasis: "em", Struck: "del"}


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """Where a picture is found (`cid:` in an email, an address on a page), and its size in pixels."""

    src: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class HtmlTarget:
    """Where the HTML is to stand: `pictures` are those that can be shown, by name; `page_url` may be empty.

    On a page footnotes are linked, and tables may be wide.
    """

    pictures: Mapping[str, ShownPicture] = field(default_factory=dict)
    page_url: str = ""
    is_page: bool = False


def without_placeholders(text: str) -> str:
    """Return a text in which nothing is a placeholder of the provider's: a word joiner stands behind its `%`."""
    return _PLACEHOLDER.sub("%" + _WORD_JOINER, text)


def safe_url(url: str) -> str:
    """Return an address in which nothing is a placeholder of the provider's."""
    return _PLACEHOLDER.sub("%25", url)


def picture_words(picture: PictureBlock) -> str:
    """Return what stands in place of a picture that is not shown."""
    return f"Picture: {picture.alt}" if picture.alt else "Picture"


def write_html(body: LetterBody, target: HtmlTarget) -> list[str]:
    """Return each block of a letter as HTML, and its footnotes as the last one, if it has any."""
    writer = _Writer(target)
    written = [writer.block(block) for block in body.blocks]
    return written + ([writer.notes(body.notes)] if body.notes else [])


@dataclass(frozen=True, slots=True)
class _Writer:
    target: HtmlTarget
    # The footnotes whose first mark has been written, since an id may stand only once.
    marked: set[int] = field(default_factory=set)

    def blocks(self, blocks: Iterable[Block]) -> str:
        return "\n".join(self.block(block) for block in blocks)

    def block(self, block: Block) -> str:  # noqa: C901, PLR0911 - one case for each sort of block
        match block:
            case Heading(level, parts):
                return f"<h{level}{_way(parts)}>{self.line(parts)}</h{level}>"
            case Paragraph(parts):
                return f"<p{_way(parts)}>{self.line(parts)}</p>"
            case ItemList():
                return self.item_list(block)
            case Quotation(blocks):
                return f'<blockquote class="quoted">\n{self.blocks(blocks)}\n</blockquote>'
            case CodeBlock(text):
                return f'<pre class="code"><code>{_code(text)}</code></pre>'
            case LetterTable():
                return self.table(block)
            case Divider():
                return '<hr class="divide">'
            case PictureBlock():
                return self.picture(block)
            case Embed():
                return f"<p>{_link(block.url, _text(block.words))}</p>"

    def item_list(self, block: ItemList) -> str:
        tag = "ul" if block.start is None else "ol"
        start = f' start="{block.start}"' if block.start not in {None, 1} else ""
        items = "\n".join(f'<li class="item">{self._item(item)}</li>' for item in block.items)
        return f'<{tag} class="list"{start}>\n{items}\n</{tag}>'

    def _item(self, blocks: Sequence[Block]) -> str:
        """Return what stands in a list item; a paragraph at its beginning needs no element of its own."""
        if blocks and isinstance(blocks[0], Paragraph):
            line, rest = self.line(blocks[0].parts), self.blocks(blocks[1:])
            way = _way(blocks[0].parts)  # of the words alone: the bullet keeps its side, where there is room for it
            return (f"<span{way}>{line}</span>" if way else line) + (f"\n{rest}\n" if rest else "")
        return self.blocks(blocks)

    def table(self, block: LetterTable) -> str:
        if block.columns > MOST_COLUMNS and not self.target.is_page:
            return "\n".join(self._row_as_list(block, row) for row in block.rows)
        head = "".join(f'<th scope="col"{_way(cell)}>{self.line(cell)}</th>' for cell in block.head)
        rows = [f"<tr>{head}</tr>"] if any(block.head) else []
        rows += [
            "<tr>" + "".join(f"<td{_way(cell)}>{self.line(cell)}</td>" for cell in row) + "</tr>" for row in block.rows
        ]
        table = '<table class="cells">\n' + "\n".join(rows) + "\n</table>"
        # Wider than the screen it scrolls by itself, also by the keyboard.
        around = (
            '<div class="wide" role="group" aria-label="Table" tabindex="0">{}</div>' if self.target.is_page else "{}"
        )
        return around.replace("{}", table)

    def _row_as_list(self, block: LetterTable, row: Sequence[Sequence[Inline]]) -> str:
        items = []
        for place, cell in enumerate(row):
            head = self.line(block.head[place]) if place < len(block.head) else ""
            named = f"<strong>{head}</strong>: " if head else ""
            items.append(f'<li class="item">{named}{self.line(cell)}</li>')
        return '<ul class="list">\n' + "\n".join(items) + "\n</ul>"

    def picture(self, block: PictureBlock) -> str:
        shown = self.target.pictures.get(block.name)
        if shown is None:
            return f"<p>{self._picture_elsewhere(block)}</p>"
        width = min(shown.width, EMAIL_WIDTH)
        height = max(1, round(shown.height * width / shown.width))
        size = f'width="{width}" height="{height}"'
        alt = block.alt or ("Picture" if block.link_url else "")  # of a link it is the only name
        image = f'<img class="shown" src="{escape(shown.src)}" alt="{_text(alt)}" {size}>'
        return f"<p>{_link(block.link_url, image) if block.link_url else image}</p>"

    def _picture_elsewhere(self, block: PictureBlock) -> str:
        words = _text(picture_words(block))
        if self.target.page_url and not self.target.is_page:
            return f"{words}, {_link(self.target.page_url, 'on the page')}"
        is_address = block.name.startswith(("https://", "http://"))
        return _link(block.name, words) if is_address else words

    def notes(self, notes: Sequence[Sequence[Block]]) -> str:
        items = []
        for number, blocks in enumerate(notes, start=1):
            inner = self._item(blocks)
            if not self.target.is_page:
                items.append(f'<li class="item">{inner}</li>')
                continue
            back = f' <a href="#mark-{number}" aria-label="Back to where note {number} stands">↩</a>'
            items.append(f'<li class="item" id="note-{number}">{inner}{back if number in self.marked else ""}</li>')
        return '<hr class="divide">\n<h2>Notes</h2>\n<ol class="list">\n' + "\n".join(items) + "\n</ol>"

    def line(self, parts: Iterable[Inline]) -> str:
        written, before = [], None
        for part in parts:
            if isinstance(part, NoteMark) and isinstance(before, NoteMark):
                written.append("<sup>, </sup>")  # 1 and 2 are not 12
            written.append(self.inline(part))
            before = part
        return "".join(written)

    def inline(self, part: Inline) -> str:
        match part:
            case Words(text):
                return _text(text)
            case CodeSpan(text):
                return f'<code class="mono">{_text(text)}</code>'
            case LineBreak():
                return "<br>\n"
            case NoteMark(number):
                return self._mark(number)
            case LetterLink(url, parts):
                return _link(url, self.line(parts))
            case Strong(parts) | Emphasis(parts) | Struck(parts):
                return f"<{_TAGS[type(part)]}>{self.line(parts)}</{_TAGS[type(part)]}>"

    def _mark(self, number: int) -> str:
        if not self.target.is_page:
            return f"<sup>{number}</sup>"
        own_id = "" if number in self.marked else f' id="mark-{number}"'
        self.marked.add(number)
        return f'<sup><a{own_id} href="#note-{number}" aria-label="Note {number}">{number}</a></sup>'


def _way(parts: Iterable[Inline]) -> str:
    """Return the attribute for a line that runs from right to left; all others run as their surroundings do."""
    return ' dir="rtl"' if runs_right_to_left(plain(parts)) else ""


def _text(text: str) -> str:
    return escape(without_placeholders(text))


def _link(url: str, inner: str) -> str:
    return f'<a href="{escape(safe_url(url))}">{inner}</a>'


def _code(text: str) -> str:
    """Return code in which long lines may break, without a character more when it is copied."""
    lines = without_placeholders(text).split("\n")
    return "\n".join("<wbr>".join(map(_text, _CODE_RUN.findall(line))) for line in lines)
