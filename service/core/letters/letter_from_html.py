"""A letter's HTML, as feeds of blogs have it, as blocks. What no email can show becomes a line that leads to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.core.journal.entry_text import has_visible
from service.core.letters.blocks import (
    SMALLEST_HEADING,
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
    LetterTable,
    LineBreak,
    NoteMark,
    Paragraph,
    PictureBlock,
    Quotation,
    Strong,
    Struck,
    Words,
    is_sendable_link,
    linked,
)
from service.core.letters.html_pieces import Piece, divided, flat, lines_of, says_something, shifted, wrapped
from service.core.letters.safe_html import clean_html

# Deeper than any post; below it the words are read without the elements around them.
DEPTH: Final = 60
_LARGEST_HEADING: Final = 2
_FEWEST_COLUMNS: Final = 2  # a table with fewer only arranges
_SPACE = re.compile(r"[ \t\n\r\f]+")
_RAISED = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_LOWERED = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_TAGS: Final = (
    "address article aside body caption center dd details div dl dt fieldset figcaption figure footer header hgroup li "
    "main nav p section summary table tbody td tfoot th thead tr"
)
_MARKS: Final[dict[str, type[Strong | Emphasis | Struck]]] = {
    **dict.fromkeys(("strong", "b", "summary", "dt"), Strong),
    **dict.fromkeys(("em", "i", "cite", "dfn", "var", "figcaption", "caption"), Emphasis),
    **dict.fromkeys(("s", "del", "strike"), Struck),
}
_BLOCKS: Final = frozenset(_TAGS.split())
_SKIPPED: Final = frozenset(("script", "style", "noscript", "template", "svg", "input", "button", "textarea"))
_EMBEDS: Final = {"iframe": "Video", "video": "Video", "audio": "Sound", "embed": "Embedded", "object": "Embedded"}
_VIDEO_HOSTS: Final = ("youtube.com", "youtube-nocookie.com", "youtu.be", "vimeo.com", "dailymotion.com", "loom.com")
_ARRANGED: Final = ", ".join(
    f"{cell} {inner}" for cell in ("td", "th") for inner in ("table", "img", "h1", "h2", "h3", "iframe", "video", "pre")
)
_NOTES: Final = "[role=doc-endnotes] li[id], .footnotes li[id], .wp-block-footnotes li[id], .footnote > a[id]"


def read_html(text: str) -> LetterBody:
    """Return the blocks of a letter in HTML; never raises for anything that a text holds.

    `faults` name links that no mail program can follow and pictures without a description.
    """
    root = LexborHTMLParser(clean_html(text)).body
    return _Reader().read(root) if root is not None else LetterBody(())


@dataclass(slots=True)
class _Reader:
    """Reads one letter; `notes` are its footnotes by the id that a mark leads to, `marked` those in their order."""

    faults: list[str] = field(default_factory=list)
    largest: str = _HEADINGS[0]
    has_large: bool = False
    notes: dict[str, LexborNode] = field(default_factory=dict)
    note_nodes: frozenset[int] = frozenset()
    marked: list[str] = field(default_factory=list)
    is_in_note: bool = False

    def read(self, root: LexborNode) -> LetterBody:
        self.largest = next((tag for tag in _HEADINGS if root.css_first(tag) is not None), _HEADINGS[0])
        self.notes = _find_notes(root)
        self.note_nodes = frozenset(note.mem_id for note in self.notes.values())
        blocks = self._blocks(root, 0)
        while blocks and isinstance(blocks[-1], Divider):  # it stood above the notes
            del blocks[-1]
        self.is_in_note = True
        # A note may mark another one, which then comes behind it.
        notes = [tuple(self._blocks(self.notes[name], 0)) for name in self.marked]
        return LetterBody(tuple(blocks), tuple(notes), tuple(dict.fromkeys(self.faults)))

    def _blocks(self, node: LexborNode, depth: int) -> list[Block]:
        """Return the blocks in an element; words between blocks are a paragraph."""
        blocks: list[Block] = []
        line: list[Inline] = []
        for piece in self._inside(node, depth):
            if isinstance(piece, Inline):
                line.append(piece)
                continue
            blocks += divided(line)
            blocks.append(piece)
            line = []
        return blocks + divided(line)

    def _inside(self, node: LexborNode, depth: int) -> Iterator[Piece]:
        if depth > DEPTH:
            yield Words(_SPACE.sub(" ", node.text()))
            return
        for child in node.iter(include_text=True):
            yield from self._pieces(child, depth + 1)

    def _pieces(self, node: LexborNode, depth: int) -> Iterable[Piece]:  # noqa: C901, PLR0911, PLR0912 - a case each
        tag = node.tag or ""
        if tag == "-text":
            return (Words(_SPACE.sub(" ", node.text_content or "")),)
        if tag in _SKIPPED or not tag[:1].isalpha() or self._is_note(node):
            return ()
        if tag in _HEADINGS:
            return self._heading(node, depth)
        if tag in _EMBEDS or tag == "form":
            return (self._embed(node),)
        if tag in _BLOCKS and tag not in {"table", "dl"} and tag not in _MARKS:
            return self._blocks(node, depth)
        match tag:
            case "br":
                return (LineBreak(),)
            case "hr":
                return (Divider(),)
            case "img":
                return self._picture(node)
            case "a":
                return self._link(node, depth)
            case "ul" | "ol" | "menu":
                return self._list(node, depth)
            case "blockquote":
                inner = tuple(self._blocks(node, depth))
                return (Quotation(inner),) if inner else ()
            case "pre":
                return (CodeBlock(code),) if has_visible(code := _code(node)) else ()
            case "code" | "kbd" | "samp" | "tt":
                return (CodeSpan(node.text()),) if node.text(strip=True) else ()
            case "table":
                return self._table(node, depth)
            case "sup" | "sub":
                return shifted([*self._inside(node, depth)], _RAISED if tag == "sup" else _LOWERED)
            case "q":
                return (Words("“"), *self._inside(node, depth), Words("”"))
            case _ if tag in _MARKS:
                made = wrapped([*self._inside(node, depth)], lambda parts: (_MARKS[tag](parts),))
                return lines_of(made) if tag in _BLOCKS else made
            case _:
                return self._inside(node, depth)

    def _is_note(self, node: LexborNode) -> bool:
        return node.mem_id in self.note_nodes

    def _heading(self, node: LexborNode, depth: int) -> list[Block]:
        # No heading stands more than one level below the one before it, which is the title for the first.
        is_large = node.tag == self.largest or not self.has_large
        level = _LARGEST_HEADING if is_large else SMALLEST_HEADING
        found = self._blocks(node, depth)
        self.has_large = self.has_large or any(isinstance(block, Paragraph) for block in found)
        return [Heading(level, block.parts) if isinstance(block, Paragraph) else block for block in found]

    def _list(self, node: LexborNode, depth: int) -> list[Block]:
        items = [tuple(self._item(item, depth + 1)) for item in node.iter(include_text=True)]
        items = [item for item in items if item]
        if not items:
            return []
        start = node.attributes.get("start") or ""
        number = int(start) if start.isdecimal() and len(start) < len("1000000") else 1
        return [ItemList(tuple(items), number if node.tag == "ol" else None)]

    def _item(self, node: LexborNode, depth: int) -> list[Block]:
        """Return the blocks of an item, or of what stands in a list without being one."""
        is_item = node.tag == "li" and not self._is_note(node)
        return self._blocks(node, depth) if is_item else lines_of(self._pieces(node, depth))

    def _table(self, node: LexborNode, depth: int) -> list[Block]:
        """Return a table, or the blocks in it where it only arranges them."""
        rows = [[cell for cell in row.iter() if cell.tag in {"td", "th"}] for row in node.css("tr")]
        rows = [row for row in rows if row]
        columns = max(map(len, rows), default=0)
        if columns < _FEWEST_COLUMNS or node.css_first(_ARRANGED) is not None:
            return [block for row in rows for cell in row for block in self._blocks(cell, depth + 2)]
        has_head = all(cell.tag == "th" for cell in rows[0])
        cells = [tuple(self._line(cell, depth) for cell in row) for row in rows]
        cells = [row + ((),) * (columns - len(row)) for row in cells]
        head = cells.pop(0) if has_head else ()
        cells = [row for row in cells if any(row)]
        caption = node.css_first("caption")
        above = self._blocks(caption, depth) if caption is not None else []
        return [*above, LetterTable(head, tuple(cells))] if cells or any(head) else above

    def _line(self, node: LexborNode, depth: int) -> tuple[Inline, ...]:
        """Return what stands in a cell as one line of words."""
        parts: list[Inline] = []
        for block in self._blocks(node, depth + 2):
            parts += [LineBreak()] if parts else []
            parts += flat(block)
        return tuple(parts)

    def _picture(self, node: LexborNode) -> Iterable[Block]:
        name = (node.attributes.get("src") or "").strip()
        alt = " ".join((node.attributes.get("alt") or "").split())
        if not name:
            return ()
        if not alt:
            self.faults.append(f"The picture {name} has no description.")
        return (PictureBlock(name, alt),)

    def _link(self, node: LexborNode, depth: int) -> Iterable[Piece]:
        url = (node.attributes.get("href") or "").strip()
        if url.startswith("#"):
            return self._mark(node, url[1:], depth)
        inner = [*self._inside(node, depth)]
        if not url:
            return inner
        if not is_sendable_link(url):
            self.faults.append(f"The link “{url}” leads nowhere from an email: write it whole, with https://.")
            return inner
        if not any(says_something(piece) for piece in inner):
            return ()
        return wrapped(inner, lambda parts: linked(parts, url), url)

    def _mark(self, node: LexborNode, name: str, depth: int) -> Iterable[Piece]:
        """Return the mark of a footnote; of another link within the page, its words, or nothing if it leads back."""
        if name not in self.notes:
            return () if self.is_in_note else self._inside(node, depth)
        if name not in self.marked:
            self.marked.append(name)
        return (NoteMark(self.marked.index(name) + 1),)

    def _embed(self, node: LexborNode) -> Block:
        values, source = node.attributes, node.css_first("source")
        url = values.get("src") or values.get("data") or values.get("action") or ""
        if not url and source is not None:
            url = source.attributes.get("src") or ""
        title = " ".join((values.get("title") or values.get("aria-label") or "").split())
        kind = "Form" if node.tag == "form" else _EMBEDS[node.tag or ""]
        if is_sendable_link(url):
            host = urlsplit(url).hostname or ""
            is_video = node.tag != "iframe" or host.removeprefix("www.").removeprefix("player.") in _VIDEO_HOSTS
            return Embed(kind if is_video else "Embedded", title, url)
        self.faults.append(f"{kind} in the post: people see only that there is one, since it has no address.")
        return Paragraph((Words(f"{kind}: {title}" if title else kind),))


def _find_notes(root: LexborNode) -> dict[str, LexborNode]:
    """Return the footnotes to which a mark leads, by their ids."""
    found = {}
    wanted = {(link.attributes.get("href") or "")[1:] for link in root.css('a[href^="#"]')} - {""}
    for note in root.css(_NOTES):
        name = note.attributes.get("id") or ""
        if name in wanted and name not in found:
            # In Substack's posts the number, which has the id, stands beside the words.
            is_number = note.tag == "a" and note.parent is not None
            found[name] = note.parent if is_number and note.parent is not None else note
    return found


def _code(node: LexborNode) -> str:
    for line_end in node.css("br"):
        line_end.replace_with("\n")
    return node.text().strip("\n").expandtabs(4)
