"""Front matter of Markdown files: the few keys that a journal needs, read by a parser that runs nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_KEY: Final = re.compile(r"([A-Za-z][\w -]*?)\s*:(?:\s+(.*))?$")
_ITEM: Final = re.compile(r"\s*-\s+(.*)$")
_MOST_LINES: Final = 200


def split_front_matter(text: str) -> tuple[Mapping[str, list[str]], str]:
    """Return the keys (lower case) of a front matter with their values, and the text after it.

    The whole text is returned if there is no front matter, or if it is broken: broken YAML stays as text.
    """
    lines = text.split("\n")
    if not lines or lines[0].rstrip() != "---":
        return {}, text
    end = next((at for at, line in enumerate(lines[1:_MOST_LINES], 1) if line.rstrip() in {"---", "..."}), None)
    if end is None:
        return {}, text
    found = _parsed(lines[1:end])
    return ({}, text) if found is None else (found, "\n".join(lines[end + 1 :]))


def _parsed(lines: list[str]) -> dict[str, list[str]] | None:
    found: dict[str, list[str]] = {}
    key = ""
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (item := _ITEM.match(line)) and key:
            found[key].append(_bare(item[1]))
        elif pair := _KEY.match(line):
            key = pair[1].strip().lower()
            found[key] = _values(pair[2] or "")
        elif not (line[0].isspace() and key):
            return None
    return found


def _values(written: str) -> list[str]:
    written = written.strip()
    if written.startswith("[") and written.endswith("]"):
        return [_bare(each) for each in written[1:-1].split(",") if each.strip()]
    return [_bare(written)] if written else []


def _bare(written: str) -> str:
    written = written.strip()
    quoted = len(written) > 1 and written[0] == written[-1] and written[0] in "\"'"
    return written[1:-1] if quoted else written
