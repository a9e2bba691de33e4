"""The marks of txt2tags, in which RedNotebook wrote until 2026, as light Markdown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

# An address, code or words in quotation marks are never searched for marks; a path may be in quotation marks.
_IMAGE_ENDINGS: Final = r"\.(?:png|jpe?g|gif|bmp|svg|webp|heic|tiff?)"
_PIECE: Final = re.compile(
    r"``(?P<code>\S(?:.*?\S)??)``"
    r'|\[""(?P<quoted>[^"\n]+)""(?P<ending>\.\w{2,5})?(?:\?\d+)?\]'
    rf"|\[(?P<image>[^\s\[\]]+{_IMAGE_ENDINGS})(?:\?\d+)?\]"
    r'|\[(?P<label>[^\[\]"\n]+?) +""(?P<target>[^"\n]+)""(?P<suffix>\.\w{2,5})?\]'
    r"|\[(?P<named>[^\[\]\n]+?) +(?P<address>(?:[a-z]{3,6}://|www\.|mailto:)[^\s\[\]]+)\]"
    r'|""(?P<raw>\S(?:.*?\S)??)""'
    r"|(?P<url>\b(?:[a-z]{3,6}://|www\.)[^\s<>\[\]|]+)"
    r"|\{(?P<coloured>[^{}|\n]+)\|color:[^{}|\n]+\}",
    re.IGNORECASE,
)
_MAY_HOLD: Final = re.compile(r"[`\[\"{]|://|[Ww]{3}\.")
_PAIRS: Final = (
    ("//", re.compile(r"(?<![:/])//(?![\s/])(.+?)(?<!\s)//(?!/)"), r"*\1*"),
    ("--", re.compile(r"(?<!-)--(?![\s-])(.+?)(?<![\s-])--(?!-)"), r"~~\1~~"),
    ("__", re.compile(r"(?<![\w#])__(?![\s_])(.+?)(?<![\s_])__(?!\w)"), r"\1"),  # Markdown cannot underline
)
_TITLE: Final = re.compile(r"(?P<sign>={1,5}|\+{1,5})(?P<title>[^=+\s].*?|\s+\S.*?)(?P=sign)(?:\[[\w-]*\])?$")
_RULE: Final = re.compile(r"[=_-]{20,}$")
_NUMBERED: Final = re.compile(r"^( *)\+ +(?=\S)")
_FENCE: Final = "```"
_HELD: Final = re.compile("\ue000(\\d+)\ue001")


def markdown_of(text: str) -> str:
    """Return a text of txt2tags as Markdown: emphasis, titles, lists, links and pictures; what is code stays."""
    out: list[str] = []
    is_code = False
    for line in text.split("\n"):
        if line.rstrip() == _FENCE:
            is_code = not is_code
            out.append(line.rstrip())
        else:
            out.append(line if is_code else _line(line))
    return "\n".join(out)


def _line(line: str) -> str:
    start = line.strip()
    if start in {"-", "+"}:
        return ""  # it ends a list
    if start[:1] in {"=", "+", "-", "_"}:
        if _RULE.match(start):
            return "---"
        if title := _TITLE.match(start):
            return f"{'#' * len(title['sign'])} {title['title'].strip()}"
    return _inline(_NUMBERED.sub(r"\g<1>1. ", line.removesuffix("\\\\")))


def _inline(line: str) -> str:
    """Return a line with its pairs of marks as Markdown; what may hold no marks is put aside meanwhile."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(_piece(found))
        return f"\ue000{len(held) - 1}\ue001"

    if _MAY_HOLD.search(line):
        line = _PIECE.sub(hold, line.replace("\ue000", "").replace("\ue001", ""))
    for sign, pattern, meant in _PAIRS:
        line = pattern.sub(meant, line) if sign in line else line
    return _HELD.sub(lambda found: held[int(found[1])], line) if held else line


def _piece(found: re.Match[str]) -> str:
    groups = found.groupdict(default="")
    if picture := groups["image"] or (groups["quoted"] + groups["ending"]):
        is_picture = re.search(rf"{_IMAGE_ENDINGS}$", picture, re.IGNORECASE)
        return f"![]({_address(picture)})" if is_picture else picture
    if label := groups["label"] or groups["named"]:
        return f"[{label}]({_address(groups['target'] + groups['suffix'] or groups['address'])})"
    if groups["code"]:
        return f"`{groups['code']}`"
    if groups["coloured"]:
        return _inline(groups["coloured"])
    return groups["raw"] or groups["url"]


def _address(written: str) -> str:
    return quote(written, safe="/:?#[]@!$&'*+,;=%~")
