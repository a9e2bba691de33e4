"""What a person would read of a template, whatever it is filled with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment
from selectolax.lexbor import LexborHTMLParser

from service.config import ROOT

TEMPLATES = ROOT / "templates"
FILLED = " 7 "  # stands for whatever a template fills in, so that "{{ n }} days" is read as a number of days
ATTRIBUTES = ("alt", "aria-label", "title", "placeholder", "content")
# What a person presses or ticks is said in their own voice: it may say "me" and "my".
OWN_VOICE = "button, label, a"
OWN_VOICE_CALLS = {"tick"}
APART = " ¶ "  # no phrase reaches from one paragraph into the next
_BLOCK = re.compile(r"(</?(?:p|h[1-6]|li|dt|dd|div|td|th|form|label|legend|button|option|figcaption|blockquote|br)\b)")
_ATTRIBUTE_NAME = re.compile(r"[\w-]+=")  # in the text of a macro that prints attributes
_NAME = re.compile(r"[a-z0-9_./:<>-]*")
PAIR = 2
_JINJA = Environment(autoescape=True)
_OPENS = {"variable_begin", "block_begin"}
_CLOSES = {"variable_end", "block_end"}


@dataclass(frozen=True, slots=True)
class Said:
    """Some words of a template; `own_voice` where they are the reader's own, on a button or beside a box."""

    words: str
    own_voice: bool = False


def said_in_html(source: str) -> Iterator[Said]:
    """Yield what a template of a page or of an HTML part says: its text, its attributes, the strings in its code."""
    yield from _strings(source)
    html = LexborHTMLParser(_BLOCK.sub(rf"{APART}\1", _filled(source)))
    for node in html.css("style, script"):
        node.decompose()
    for node in html.css("*"):
        yield from (Said(node.attributes[name] or "") for name in ATTRIBUTES if node.attributes.get(name))
    for node in html.css(OWN_VOICE):
        yield Said(node.text(), own_voice=True)
        node.replace_with(APART)
    yield Said(_ATTRIBUTE_NAME.sub(APART, html.root.text() if html.root else ""))


def said_in_text(source: str) -> Iterator[Said]:
    """Yield what a template of a text part or of a subject says, line by line, since each is a whole paragraph."""
    yield from _strings(source)
    lines = [line.strip() for line in _filled(source).splitlines() if line.strip()]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        yield Said(line, own_voice=following == FILLED.strip())  # above a link stands what it says


def _filled(source: str) -> str:
    """Return a template without its code; where it prints something, that stands as a number."""
    parts, depth = [], 0
    for _, kind, value in _JINJA.lex(source):
        if kind == "data":
            parts.append(value)
        elif kind == "variable_begin":
            parts.append(FILLED)
        depth += (kind in _OPENS) - (kind in _CLOSES)
    return "".join(parts)


def _strings(source: str) -> Iterator[Said]:
    """Yield the strings that stand in a template's code and that somebody may read: those of several words."""
    called = ""
    for _, kind, value in _JINJA.lex(source):
        if kind == "name":
            called = value
        elif kind == "string" and re.search(r"\w\s+\w", value):
            yield Said(value[1:-1], own_voice=called in OWN_VOICE_CALLS)


def said_in_code(source: str) -> Iterator[Said]:
    """Yield what a module of the pages may say: its strings, but no docstrings and no names.

    A pair of a value and its words is a choice that somebody makes, in their own voice.
    """
    tree = ast.parse(source)
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    chosen = {id(node.elts[1]) for node in ast.walk(tree) if isinstance(node, ast.Tuple) and len(node.elts) == PAIR}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [str(part.value) if isinstance(part, ast.Constant) else FILLED for part in node.values]
            yield Said("".join(parts))
        elif isinstance(node, ast.Constant) and id(node) not in notes and not _NAME.fullmatch(str(node.value)):
            yield Said(str(node.value), own_voice=id(node) in chosen)
