"""An HTML body as lines, with what its structure says about each.

The tree comes from lexbor, which builds what a browser would. Past the bounds of `inbound.md`
(2,000 tags, depth 200) `html_text` keeps the words without a tree.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.core.replies.html_text import linear_lines
from service.core.replies.html_writer import LineWriter, State
from service.core.replies.lines import EMPHASIS, STRONG, Hint, Line
from service.core.replies.phrases import Phrases

TAGS = 2_000
DEPTH = 200

_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "select", "svg", "object"})
_BLOCKS = frozenset(
    "address article aside body center dd details dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5"
    " h6 header main nav section summary tr table tbody thead tfoot caption div p blockquote ul ol li pre".split()
)
_SPACED = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "dl"})
_TOGGLES = {"b": STRONG, "strong": STRONG, "i": EMPHASIS, "em": EMPHASIS}
_READ_ATTRIBUTES = frozenset({"div", "blockquote", "p", "span", "a", "img", "table", "section", "font", "pre", "td"})


class TooDeepError(Exception):
    """The tree is deeper than `DEPTH`: read it without a tree."""


def html_lines(html: str, phrases: Phrases) -> list[Line]:
    """Return the lines of an HTML body (already `clean`), in the order a reader sees them."""
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
    """An element whose end is still to come, and the state to go back to."""

    node: LexborNode
    tag: str
    before: State | None


class _TreeReader:
    """Walks a tree without recursion and writes its lines."""

    def __init__(self, phrases: Phrases, *, tight: bool) -> None:
        self._phrases = phrases
        self._tight = tight
        self._out = LineWriter()

    def read(self, root: LexborNode) -> list[Line]:
        """Return the lines below `root`."""
        open_: list[_Open] = []
        node = root.child
        while node is not None or open_:
            if node is None:
                ended = open_.pop()
                self._leave(ended.tag, ended.before)
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
            before = self._enter(tag, node)
            child = node.child
            if child is None:
                self._leave(tag, before)
                node = node.next
                continue
            open_.append(_Open(node, tag, before))
            if len(open_) > DEPTH:
                raise TooDeepError
            node = child
        return self._out.finish()

    def _enter(self, tag: str, node: LexborNode) -> State | None:
        out = self._out
        attributes: Mapping[str, str | None] = node.attributes if tag in _READ_ATTRIBUTES else {}
        if tag in _BLOCKS:
            out.line_break()
            if tag in _SPACED or (tag == "p" and not self._is_tight(attributes)):
                out.gap()
        before = self._change(tag, attributes) if attributes or tag in {"blockquote", "pre"} else None
        if tag == "br":
            out.end_line()
        elif tag == "hr":
            out.rule()
        elif tag in _TOGGLES:
            out.toggle(_TOGGLES[tag])
        elif tag == "a":
            out.open_link(attributes.get("href") or "")
        elif tag == "img":
            out.picture(attributes.get("alt") or "")
        elif tag in {"ul", "ol"}:
            out.open_list(ordered=tag == "ol")
        elif tag == "li":
            out.item()
        elif tag in {"td", "th"}:
            out.write(" ")
        elif "@" in tag:
            out.write(f"<{tag}>")
        return before

    def _leave(self, tag: str, before: State | None) -> None:
        out = self._out
        if tag in _TOGGLES:
            out.toggle(_TOGGLES[tag])
        elif tag == "a":
            out.close_link()
        if tag in _BLOCKS:
            out.line_break()
            if tag in {"ul", "ol"}:
                out.close_list()
            elif tag in _SPACED or tag == "p":
                out.gap_before_next(tag == "p" and self._tight)
        if before is not None:
            out.line_break()
            out.state = before

    def _is_tight(self, attributes: Mapping[str, str | None]) -> bool:
        style = (attributes.get("style") or "").replace(" ", "").lower()
        return (
            self._tight
            or "mso" in (attributes.get("class") or "").lower()
            or "margin:0" in style
            or "margin-top:0" in style
        )

    def _change(self, tag: str, attributes: Mapping[str, str | None]) -> State | None:
        """Return the state before this element if the element changes it."""
        state = self._out.state
        hint = self._hint(tag, attributes)
        depth = tag == "blockquote"
        pre = tag == "pre" or "white-space:pre" in _style(attributes)
        if not (depth or pre or hint != Hint.NONE):
            return None
        self._out.line_break()
        self._out.state = state.inside(
            depth=depth, hint=hint, pre=pre, box=self._out.next_box() if hint & Hint.BOXED else 0
        )
        return state

    def _hint(self, tag: str, attributes: Mapping[str, str | None]) -> Hint:
        style = _style(attributes)
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''} {attributes.get('name') or ''}".lower()
        hint = Hint.NONE
        if style and ("display:none" in style or "mso-hide:all" in style):
            hint |= Hint.HIDDEN
        if tag == "blockquote":
            if "type" in attributes or "cite" in attributes or "quote" in names or "border-left:" in style:
                hint |= Hint.CITED
            return hint
        if not names.strip() or tag in {"a", "img"}:
            return hint
        phrases = self._phrases
        if any(part in names for part in phrases.attributions):
            hint |= Hint.ATTRIBUTION
        elif any(part in names for part in phrases.quotes) or attributes.get("name") == "quote":
            hint |= Hint.BOXED
        if (
            any(part in names for part in phrases.signatures)
            or (attributes.get("id") or "").lower() in phrases.signature_ids
        ):
            hint |= Hint.SIGNATURE
        return hint


def _style(attributes: Mapping[str, str | None]) -> str:
    style = attributes.get("style")
    return style.replace(" ", "").lower() if style else ""
