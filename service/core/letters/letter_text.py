"""A letter's blocks as plain text, wrapped at 72 characters; code and addresses are never broken."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
)
from service.core.letters.letter_html import picture_words, safe_url, without_placeholders

TEXT_WIDTH: Final = 72
LONGEST_RUN: Final = 160  # of characters without white space, so that a line fits 998 octets (RFC 5322)
_CODE_INDENT: Final = "    "


def write_text(body: LetterBody, page_url: str = "") -> str:
    """Return a letter as plain text; every sentence and every address of it stands there.

    `page_url` is where its pictures can be seen, "" for nowhere.
    """
    writer = _TextWriter(page_url)
    lines = writer.blocks(body.blocks)
    if body.notes:
        lines += ["", "Notes"]
    for number, note in enumerate(body.notes, start=1):
        mark = f"[{number}] "
        lines += ["", *_indented(writer.blocks(note), mark, " " * len(mark))]
    return without_placeholders("\n".join(line.rstrip() for line in lines).strip("\n")) + "\n"


@dataclass(frozen=True, slots=True)
class _TextWriter:
    page_url: str

    def blocks(self, blocks: Iterable[Block]) -> list[str]:
        """Return the lines of these blocks, with an empty line between two of them."""
        lines: list[str] = []
        for block in blocks:
            if lines:
                lines.append("")
            lines += self.block(block)
        return lines

    def block(self, block: Block) -> list[str]:  # noqa: C901, PLR0911 - one case for each sort of block
        match block:
            case Heading(_, parts) | Paragraph(parts):
                return _wrapped(self.line(parts))
            case ItemList():
                return self.item_list(block)
            case Quotation(blocks):
                return _indented(self.blocks(blocks), "> ", "> ")
            case CodeBlock(text):
                return [_CODE_INDENT + line for line in text.split("\n")]
            case LetterTable():
                return self.table(block)
            case Divider():
                return ["* * *"]
            case PictureBlock():
                return self.picture(block)
            case Embed():
                return [*_wrapped(block.words), safe_url(block.url)]

    def item_list(self, block: ItemList) -> list[str]:
        lines: list[str] = []
        is_loose = any(len(item) > 1 for item in block.items)
        for place, item in enumerate(block.items):
            mark = "- " if block.start is None else f"{block.start + place}. "
            if lines and is_loose:
                lines.append("")
            lines += _indented(self.blocks(item) or [""], mark, " " * len(mark))
        return lines

    def table(self, block: LetterTable) -> list[str]:
        lines: list[str] = []
        for row in block.rows:
            if lines:
                lines.append("")
            for place, cell in enumerate(row):
                head = self.line(block.head[place]) if place < len(block.head) else ""
                lines += _wrapped(f"{head}: {self.line(cell)}" if head else self.line(cell))
        return lines or _wrapped(", ".join(self.line(cell) for cell in block.head))

    def picture(self, block: PictureBlock) -> list[str]:
        words = picture_words(block)
        where = block.name if block.name.startswith(("https://", "http://")) else self.page_url
        lines = _wrapped(f"{words}, on the page") if where and where == self.page_url else _wrapped(words)
        return [*lines, *(safe_url(url) for url in dict.fromkeys((where, block.link_url)) if url)]

    def line(self, parts: Iterable[Inline]) -> str:
        return "".join(self.inline(part) for part in parts)

    def inline(self, part: Inline) -> str:
        match part:
            case Words(text) | CodeSpan(text):
                return text
            case LineBreak():
                return "\n"
            case NoteMark(number):
                return f"[{number}]"
            case LetterLink(url, parts):
                return _link(self.line(parts), safe_url(url))
            case Strong(parts) | Emphasis(parts) | Struck(parts):
                return self.line(parts)


def _link(words: str, url: str) -> str:
    bare = words.rstrip()
    return words if bare in {url, url.removeprefix("mailto:")} else f"{bare} ({url}){words[len(bare) :]}"


def _indented(lines: Sequence[str], first: str, others: str) -> list[str]:
    return [(others if place else first) + line for place, line in enumerate(lines)]


def _wrapped(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        for part in textwrap.wrap(line.strip(" "), TEXT_WIDTH, break_long_words=False, break_on_hyphens=False) or [""]:
            lines += [part] if "://" in part else _pieces(part)
    return lines


def _pieces(text: str) -> list[str]:
    return [text[start : start + LONGEST_RUN] for start in range(0, len(text), LONGEST_RUN)] or [""]
