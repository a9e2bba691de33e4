"""The texts of short emails, parsed from templates/email/answers.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class ShortEmail:
    """What one short email says; `after` in small, `button` on its link where it has one.

    `above_quote` stands above words of the recipient's own, where the email quotes any.
    """

    subject: str
    heading: str
    lines: tuple[str, ...]
    button: str = ""
    after: tuple[str, ...] = ()
    above_quote: str = ""

    def with_detail(self, detail: str) -> ShortEmail:
        """Return the same with what only the moment knows, such as "until 3 June"."""
        filled = tuple(line.replace("{detail}", detail) for line in self.lines)
        return replace(self, heading=self.heading.replace("{detail}", detail), lines=filled)


def read_short_emails(text: str) -> dict[str, ShortEmail]:
    """Return the answers by names like "command.rest".

    Raises:
        TypeError: an answer lacks a subject or heading, or has a field that none should have.
        ValueError: the text is not TOML.
    """
    return {
        f"{group}.{kind}": _answer(fields)
        for group, kinds in tomllib.loads(text).items()
        for kind, fields in kinds.items()
    }


def _answer(fields: dict[str, Any]) -> ShortEmail:
    fields = fields | {name: tuple(fields.get(name, ())) for name in ("lines", "after")}
    return ShortEmail(**fields)
