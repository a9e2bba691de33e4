"""The pieces that HTML is read as, words within a line and blocks between lines, and putting them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from service.core.journal.entry_text import has_visible
from service.core.letters.blocks import (
    Block,
    CodeBlock,
    CodeSpan,
    Embed,
    Heading,
    Inline,
    ItemList,
    LetterLink,
    LetterTable,
    LineBreak,
    NoteMark,
    Paragraph,
    PictureBlock,
    Quotation,
    Words,
    paragraphs,
    plain,
)

Piece: TypeAlias = Inline | Block
Wrap: TypeAlias = Callable[[tuple[Inline, ...]], tuple[Inline, ...]]


def divided(line: Sequence[Inline]) -> list[Block]:
    """Return words as paragraphs, without empty ones; two line breaks in a row divide them."""
    blocks: list[Block] = []
    part: list[Inline] = []
    breaks = 0
    for inline in line:
        breaks = breaks + 1 if isinstance(inline, LineBreak) else (breaks if _is_space(inline) else 0)
        if breaks > 1:
            blocks += paragraphs(part)
            part, breaks = [], 0
            continue
        part.append(inline)
    found = [*blocks, *paragraphs(part)]
    return [block for block in found if isinstance(block, Paragraph) and any(map(says_something, block.parts))]


def wrapped(pieces: Sequence[Piece], wrap: Wrap, link_url: str = "") -> Iterator[Piece]:
    """Yield the pieces inside an inline element: words within it, and blocks whose words are within it."""
    line: list[Inline] = []
    for piece in pieces:
        if isinstance(piece, Inline):
            line.append(piece)
            continue
        if line:
            yield from wrap(tuple(line))
        line = []
        yield _wrapped_block(piece, wrap, link_url)
    if line:
        yield from wrap(tuple(line))


def _wrapped_block(block: Block, wrap: Wrap, link_url: str) -> Block:  # noqa: PLR0911 - a case for each sort of block
    def within(blocks: Sequence[Block]) -> tuple[Block, ...]:
        return tuple(_wrapped_block(inner, wrap, link_url) for inner in blocks)

    match block:
        case Paragraph(parts):
            return Paragraph(wrap(parts))
        case Heading(level, parts):
            return Heading(level, wrap(parts))
        case ItemList(items, start):
            return ItemList(tuple(map(within, items)), start)
        case Quotation(blocks):
            return Quotation(within(blocks))
        case LetterTable(head, rows):
            cells = [tuple(wrap(cell) if cell else () for cell in row) for row in (head, *rows)]
            return LetterTable(cells[0], tuple(cells[1:]))
        case PictureBlock(name, alt) if link_url:
            return PictureBlock(name, alt, link_url)
        case _:
            return block


def lines_of(pieces: Iterable[Piece]) -> list[Block]:
    """Return pieces of an element that is a block of its own."""
    found: list[Block] = []
    for piece in pieces:
        if isinstance(piece, Inline):
            found += divided((piece,))
        else:
            found.append(piece)
    return found


def shifted(pieces: Sequence[Piece], characters: Mapping[int, int]) -> Sequence[Piece]:
    """Return raised or lowered digits as characters of their own, so that no power becomes a number."""
    if not all(isinstance(piece, Words) for piece in pieces):
        return pieces
    text = plain([piece for piece in pieces if isinstance(piece, Words)]).strip()
    return (Words(text.translate(characters)),) if all(ord(sign) in characters for sign in text) else pieces


def flat(block: Block) -> Sequence[Inline]:  # noqa: PLR0911 - a case for each sort of block
    """Return the words of a block, for a place that holds words alone."""
    match block:
        case Paragraph(parts) | Heading(_, parts):
            return parts
        case CodeBlock(text):
            return (CodeSpan(text),)
        case ItemList(items):
            inner = [part for item in items for one in item for part in (*flat(one), LineBreak())]
            return inner[:-1]
        case Quotation(blocks):
            return [part for one in blocks for part in flat(one)]
        case PictureBlock(alt=alt):
            return (Words(alt),) if alt else ()
        case Embed():
            return (LetterLink(block.url, (Words(block.words),)),)
        case _:
            return ()


def _is_space(part: Inline) -> bool:
    return isinstance(part, Words) and not part.text.strip()


def says_something(piece: Piece) -> bool:
    """Return whether there is anything to read or to see in a piece."""
    if isinstance(piece, NoteMark) or not isinstance(piece, Inline):
        return True
    return has_visible(plain([piece])) or _holds_mark(piece)


def _holds_mark(part: Inline) -> bool:
    return isinstance(part, NoteMark) or any(map(_holds_mark, getattr(part, "parts", ())))
