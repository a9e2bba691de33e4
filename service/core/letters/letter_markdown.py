"""A letter's Markdown (CommonMark 0.31, with tables, strikethrough and footnotes) as blocks. HTML in it is text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.footnote import footnote_plugin

from service.core.letters.blocks import (
    SMALLEST_HEADING,
    Block,
    CodeBlock,
    CodeSpan,
    Divider,
    Emphasis,
    Heading,
    Inline,
    ItemList,
    LetterBody,
    LetterLink,
    LetterTable,
    LineBreak,
    NoteMark,
    PictureBlock,
    Quotation,
    Strong,
    Struck,
    Words,
    is_sendable_link,
    linked,
    paragraphs,
    plain,
)

_LARGEST_HEADING: Final = 2
_HTML_TAG = re.compile(r"</?(?:iframe|video|form|div|span|p|br|img|script|table|a)\b[^<>]{0,200}>", re.IGNORECASE)
_MARKS: Final[dict[str, type[Strong | Emphasis | Struck]]] = {"strong": Strong, "em": Emphasis, "s": Struck}


def read_markdown(text: str) -> LetterBody:
    """Return a letter's blocks; never raises for anything that a text holds.

    `faults` name links that no mail program can follow and pictures without a description.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).use(footnote_plugin)
    # Without this, HTML would be read as such and left out; it is to be seen as what it is, text.
    parser.disable(["html_block", "html_inline"])
    return _Reader().read(SyntaxTreeNode(parser.parse(text)))


@dataclass(slots=True)
class _Reader:
    """Reads one letter."""

    faults: list[str] = field(default_factory=list)
    largest: int = 1
    has_large: bool = False

    def read(self, root: SyntaxTreeNode) -> LetterBody:
        levels = [int(node.tag[1:]) for node in root.walk() if node.type == "heading"]
        self.largest = min(levels, default=1)
        blocks = [node for node in root.children if node.type != "footnote_block"]
        found = self._blocks(blocks)
        notes = [
            tuple(self._blocks(note.children))
            for block in root.children
            if block.type == "footnote_block"
            for note in block.children
        ]
        return LetterBody(tuple(found), tuple(notes), tuple(dict.fromkeys(self.faults)))

    def _blocks(self, nodes: Iterable[SyntaxTreeNode]) -> list[Block]:
        return [block for node in nodes for block in self._block(node)]

    def _block(self, node: SyntaxTreeNode) -> Sequence[Block]:  # noqa: C901, PLR0911 - a case for each sort
        match node.type:
            case "heading":
                # The first one, below the title, is no more than one level below it.
                is_large = int(node.tag[1:]) == self.largest or not self.has_large
                self.has_large = True
                return (Heading(_LARGEST_HEADING if is_large else SMALLEST_HEADING, self._line(node)),)
            case "paragraph":
                return self._paragraph(node)
            case "bullet_list" | "ordered_list":
                return (self._list(node),)
            case "blockquote":
                return (Quotation(tuple(self._blocks(node.children))),)
            case "fence" | "code_block":
                return (CodeBlock(node.content.rstrip("\n")),)
            case "table":
                return (self._table(node),)
            case "hr":
                return (Divider(),)
            case "footnote_anchor":
                return ()
            case _:
                return self._blocks(node.children)

    def _list(self, node: SyntaxTreeNode) -> ItemList:
        start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
        return ItemList(tuple(tuple(self._blocks(item.children)) for item in node.children), start)

    def _table(self, node: SyntaxTreeNode) -> LetterTable:
        rows = [tuple(self._line(cell) for cell in row.children) for part in node.children for row in part.children]
        return LetterTable(rows[0], tuple(rows[1:]))

    def _paragraph(self, node: SyntaxTreeNode) -> list[Block]:
        """Return a paragraph, divided where a picture stands in it: a picture is a block of its own."""
        blocks: list[Block] = []
        parts: list[Inline] = []
        for inline in self._inline_nodes(node):
            picture = self._picture(inline)
            if picture is None:
                parts += self._inline(inline)
                continue
            blocks += paragraphs(parts)
            blocks.append(picture)
            parts = []
        return blocks + paragraphs(parts)

    def _picture(self, node: SyntaxTreeNode) -> PictureBlock | None:
        """Return the picture that an inline is, alone or as the text of a link, or None."""
        if node.type == "link" and len(node.children) == 1 and node.children[0].type == "image":
            link_url = str(node.attrs.get("href", ""))
            picture = self._picture(node.children[0])
            assert picture is not None
            return PictureBlock(picture.name, picture.alt, link_url if is_sendable_link(link_url) else "")
        if node.type != "image":
            return None
        name, alt = str(node.attrs.get("src", "")), " ".join(plain(self._inlines(node.children)).split())
        if not alt:
            self.faults.append(f"The picture {name} has no description: write one between the square brackets.")
        return PictureBlock(name, alt)

    def _line(self, node: SyntaxTreeNode) -> tuple[Inline, ...]:
        return self._inlines(self._inline_nodes(node))

    @staticmethod
    def _inline_nodes(node: SyntaxTreeNode) -> list[SyntaxTreeNode]:
        return [inline for child in node.children if child.type == "inline" for inline in child.children]

    def _inlines(self, nodes: Iterable[SyntaxTreeNode]) -> tuple[Inline, ...]:
        return tuple(part for node in nodes for part in self._inline(node))

    def _inline(self, node: SyntaxTreeNode) -> Sequence[Inline]:  # noqa: C901, PLR0911 - a case for each sort
        match node.type:
            case "text" | "text_special":
                if _HTML_TAG.search(node.content):
                    self.faults.append("HTML in the text is not read: people will see its tags as text.")
                return (Words(node.content),)
            case "softbreak":
                return (Words(" "),)
            case "hardbreak":
                return (LineBreak(),)
            case "code_inline":
                return (CodeSpan(node.content),)
            case "strong" | "em" | "s":
                return (_MARKS[node.type](self._inlines(node.children)),)
            case "link":
                return self._link(node)
            case "footnote_ref":
                return (NoteMark(int(node.meta["id"]) + 1),)
            case "image":
                picture = self._picture(node)
                name = str(node.attrs.get("src", ""))
                self.faults.append(f"The picture {name} stands within a line: people see only its description.")
                return (Words(f"Picture: {picture.alt}" if picture and picture.alt else "Picture"),)
            case _:
                return self._inlines(node.children)

    def _link(self, node: SyntaxTreeNode) -> Sequence[Inline]:
        url, parts = str(node.attrs.get("href", "")), self._inlines(node.children)
        if not is_sendable_link(url):
            self.faults.append(f"The link “{url}” leads nowhere from an email: write it whole, with https://.")
            return parts
        if not plain(parts).strip():
            self.faults.append(f"The link to {url} has no words.")
            return (LetterLink(url, (Words(url),)),)
        return linked(parts, url)
