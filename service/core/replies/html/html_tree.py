"""An HTML body as lines, with hints from its structure about each.

The tree comes from lexbor, which builds the same tree as a browser. Beyond its limits
(2,000 tags, depth 200) `html_text` keeps the words without a tree.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.core.replies.client_phrases import ClientPhrases
from service.core.replies.html.html_linear import linear_lines
from service.core.replies.html.html_writer import LineWriter, WriterState
from service.core.replies.lines import EMPHASIS, STRONG, STRUCK, Hint, Line

TAGS = 2_000
_ELEMENTS = 4 * TAGS  # a browser's tree has more elements than there are tags, if these are not closed in order
DEPTH = 200
_NUMBER_DIGITS = 6

_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "select", "svg", "object"})
_SPACED = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "dl"})
_BLOCKS = _SPACED | {
    "address", "article", "aside", "body", "caption", "center", "dd", "details", "div", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "header", "li", "main", "nav", "ol", "p",
    "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
}  # fmt: skip
_TOGGLES = {"b": STRONG, "strong": STRONG, "i": EMPHASIS, "em": EMPHASIS}
_TOGGLES |= dict.fromkeys(("s", "strike", "del"), STRUCK)
_CHANGING = frozenset({"blockquote", "pre"})
_READ_ATTRIBUTES = _CHANGING | {"div", "p", "span", "a", "img", "table", "section", "font", "td", "ol", "li"}

Attributes = Mapping[str, str | None]


class TooDeepError(Exception):
    """The tree is deeper than `DEPTH` or too large: read the body without a tree."""


def html_lines(html: str, phrases: ClientPhrases | None) -> list[Line]:
    """Return the lines of an HTML body (already `clean`), in the order a reader sees them.

    Without phrases, as for HTML that is no mail, the names of its containers say nothing.
    """
    if html.count("<") - html.count("</") > TAGS:
        return linear_lines(html)
    root = LexborHTMLParser(html).root
    if root is None:
        return linear_lines(html)
    compact = html[:4_000].lower().replace(" ", "")
    tight = "p{margin-top:0;margin-bottom:0" in compact or "p{margin:0" in compact
    try:
        return _TreeReader(phrases, tight=tight).read(root)
    except TooDeepError:
        return linear_lines(html)


@dataclass(slots=True)
class _Open:
    """An open element, and the state to restore at its end."""

    node: LexborNode
    tag: str
    before: WriterState | None
    spaced: bool


class _TreeReader:
    """Walks a tree without recursion and writes its lines."""

    def __init__(self, phrases: ClientPhrases | None, *, tight: bool) -> None:
        self._phrases = phrases
        self._tight = tight
        self._out = LineWriter()
        self._entered = 0

    def read(self, root: LexborNode) -> list[Line]:
        """Return the lines below `root`."""
        open_: list[_Open] = []
        node = root.child
        while node is not None or open_:
            if node is None:
                ended = open_.pop()
                self._leave(ended)
                node = ended.node.next
                continue
            tag = node.tag or ""
            if tag == "-text":
                self._out.write(node.text_content or "")
                node = node.next
                continue
            if tag in _SKIPPED or not tag[:1].isalpha():
                node = node.next
                continue
            entered = self._enter(tag, node)
            child = node.child
            if child is None:
                self._leave(entered)
                node = node.next
                continue
            open_.append(entered)
            if len(open_) > DEPTH:
                raise TooDeepError
            node = child
        return self._out.finish()

    def _enter(self, tag: str, node: LexborNode) -> _Open:
        """Begin an element; return what is needed to end it."""
        self._entered += 1
        if self._entered > _ELEMENTS:
            raise TooDeepError
        out = self._out
        attributes: Attributes = node.attributes if tag in _READ_ATTRIBUTES else {}
        style = _style(attributes)
        spaced = tag in _SPACED or (tag == "p" and not self._is_tight(attributes, style))
        # Outlook draws the line above the headers as a border, without a blank line.
        spaced = spaced or (tag == "div" and "border-top:solid" in style)
        if tag in _BLOCKS:
            out.line_break()
        if spaced:
            out.gap()
        before = self._change(tag, attributes, style) if attributes or tag in _CHANGING else None
        if tag in _TOGGLES:
            out.toggle(_TOGGLES[tag])
        elif tag in {"a", "img"}:
            self._inline(tag, attributes)
        elif "@" in tag:
            out.write(f"<{tag}>")  # an address whose brackets were not escaped
        else:
            self._structural(tag, attributes)
        return _Open(node, tag, before, spaced)

    def _inline(self, tag: str, attributes: Attributes) -> None:
        if tag == "a":
            self._out.open_link(attributes.get("href") or "")
        else:
            self._out.picture(attributes.get("alt") or "")

    def _structural(self, tag: str, attributes: Attributes) -> None:
        out = self._out
        if tag == "br":
            out.end_line()
        elif tag == "hr":
            out.rule()
        elif tag in {"ul", "ol"}:
            out.open_list(_number(attributes, "start", 1) if tag == "ol" else None)
        elif tag == "li":
            out.item(_number(attributes, "value", None))
        elif tag in {"td", "th"}:
            out.write(" ")

    def _leave(self, ended: _Open) -> None:
        out, tag = self._out, ended.tag
        if tag in _TOGGLES:
            out.toggle(_TOGGLES[tag])
        elif tag == "a":
            out.close_link()
        elif tag in _BLOCKS:
            out.line_break()
            if tag in {"ul", "ol"}:
                out.close_list()
        if ended.spaced:
            out.gap()
        if ended.before is not None:
            out.line_break()
            out.state = ended.before

    def _is_tight(self, attributes: Attributes, style: str) -> bool:
        """Return whether a paragraph has no margin, so that its writer types blank lines."""
        word = "mso" in (attributes.get("class") or "").lower()
        return self._tight or word or "margin:0" in style or "margin-top:0" in style

    def _change(self, tag: str, attributes: Attributes, style: str) -> WriterState | None:
        """Change the state if the element does so; return the previous state, or None."""
        hint = self._hint(tag, attributes, style)
        depth = tag == "blockquote"
        pre = tag == "pre" or "white-space:pre" in style
        if not (depth or pre or hint):
            return None
        self._out.line_break()
        before = self._out.state
        box = self._out.next_box() if hint & Hint.BOXED else 0
        self._out.state = before.inside(depth=depth, hint=hint, pre=pre, box=box)
        return before

    def _hint(self, tag: str, attributes: Attributes, style: str) -> int:
        if "display:none" in style or "mso-hide:all" in style:
            return Hint.HIDDEN
        names = " ".join(filter(None, map(attributes.get, ("class", "id", "name")))).lower()
        if tag == "blockquote":
            cited = "type" in attributes or "cite" in attributes or "border-left:" in style
            return Hint.CITED if cited or "quote" in names else Hint.NONE
        if tag in {"a", "img"} or not names.strip():
            return Hint.NONE
        return self._named(names.split(), names)

    def _named(self, parts: list[str], names: str) -> int:
        """Return the hints in the names that mail programs give to containers."""
        phrases = self._phrases
        hint = Hint.NONE
        if phrases is None:
            return hint
        if any(name in names for name in phrases.attributions):
            hint |= Hint.ATTRIBUTION
        elif "quote" in parts or any(name in names for name in phrases.quotes):
            hint |= Hint.BOXED
        if not phrases.signature_ids.isdisjoint(parts) or any(n in names for n in phrases.signatures):
            hint |= Hint.SIGNATURE
        return hint


def _style(attributes: Attributes) -> str:
    style = attributes.get("style")
    return style.replace(" ", "").lower() if style else ""


def _number(attributes: Attributes, name: str, default: int | None) -> int | None:
    """Return an attribute if it is a whole number of a few digits, else the default."""
    value = (attributes.get(name) or "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _NUMBER_DIGITS else default
