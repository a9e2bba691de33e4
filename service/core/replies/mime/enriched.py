"""Text in the old text/enriched format (RFC 1896) as HTML."""

from __future__ import annotations

import re
from html import escape

_TOKEN = re.compile(r"<<|<(/?)([A-Za-z0-9-]{1,60})>|\n+|(?:[^<\n]++|<(?!<|/?[A-Za-z0-9-]{1,60}>))+")
_TAGS = {
    "bold": "b", "italic": "i", "underline": "u", "excerpt": "blockquote", "paraindent": "div", "center": "div",
    "indent": "div", "nofill": "pre", "verbatim": "pre",
}  # fmt: skip


def enriched_html(text: str) -> str:
    """Return enriched text as HTML: one line end is a space, each one more a line; parameters are left out."""
    out: list[str] = []
    parameter = kept = False
    for token in _TOKEN.finditer(text.replace("\r\n", "\n")):
        name = (token[2] or "").lower()
        if name == "param":
            parameter = not token[1]
        elif parameter:
            continue
        elif name:
            kept = not token[1] if _TAGS.get(name) == "pre" else kept
            out.append(f"<{token[1]}{_TAGS[name]}>" if name in _TAGS else "")
        elif token[0][0] == "\n" and not kept:
            out.append("<br>" * (len(token[0]) - 1) or " ")
        else:
            out.append(escape("<" if token[0] == "<<" else token[0]))
    return "".join(out)
