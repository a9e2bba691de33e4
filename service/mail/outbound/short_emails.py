"""The texts of short emails, parsed from templates/email/answers.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class ShortEmail:
    """The texts of one short email; `after` is in small print, `button` is the text of its link, if any.

    `above_quote` introduces the recipient's own words, if the email quotes them.
    """

    subject: str
    heading: str
    lines: tuple[str, ...]
    button: str = ""
    after: tuple[str, ...] = ()
    above_quote: str = ""

    def with_detail(self, detail: str) -> ShortEmail:
        """Return the same with a text known only when the email is built, such as "until 3 June"."""
        filled = tuple(line.replace("{detail}", detail) for line in self.lines)
        heading, button = (text.replace("{detail}", detail) for text in (self.heading, self.button))
        return replace(self, heading=heading, lines=filled, button=button)


def read_short_emails(text: str) -> dict[str, ShortEmail]:
    """Return the answers by names like "command.rest".

    Raises:
        TypeError: an answer lacks a subject or heading, or has an unknown field.
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
