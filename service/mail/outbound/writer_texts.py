"""The texts of mails to the writers, parsed from templates/email/writer_mails.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WriterText:
    """What one mail to the writers says: its lines, a button, and the commands that mend it; {name} is filled in.

    `button` is the label of a button to the value `url`, "" for none.
    """

    subject: str
    lines: tuple[str, ...]
    commands: tuple[str, ...] = ()
    button: str = ""

    def filled(self, values: Mapping[str, str]) -> WriterText:
        """Return the same with its {name}s filled in.

        Raises:
            KeyError: a value is missing.
        """
        return WriterText(
            self.subject.format_map(values),
            tuple(line.format_map(values) for line in self.lines),
            tuple(command.format_map(values) for command in self.commands),
            self.button.format_map(values),
        )


def read_writer_texts(text: str) -> dict[str, WriterText]:
    """Return the texts by their kind.

    Raises:
        TypeError: one lacks its subject or its lines, or has a field that none should have.
        ValueError: the text is not TOML.
    """
    return {kind: _writer_text(fields) for kind, fields in tomllib.loads(text).items()}


def _writer_text(fields: dict[str, Any]) -> WriterText:
    fields = fields | {name: tuple(fields[name]) for name in ("lines", "commands") if name in fields}
    return WriterText(**fields)
