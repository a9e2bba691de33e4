"""A letter in a file: its title and settings between two lines `+++` (TOML), then its text in Markdown."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import Final

VISIBILITIES: Final = ("public", "people", "nobody")
_FENCE: Final = "+++"
_KNOWN: Final = ("title", "visible", "canonical_url")


class LetterFileError(Exception):
    """A file is no letter; the message is a sentence for its writer."""


@dataclass(frozen=True, slots=True)
class LetterFile:
    """What a file says: a title, a text, who can read its page, and the post's own address elsewhere, if any."""

    title: str
    content: str = field(repr=False)
    visible: str = "public"
    canonical_url: str | None = None


def parse_letter_file(name: str, text: str) -> LetterFile:
    """Return the letter in a file.

    Raises:
        LetterFileError: the front matter is missing, broken, or names something unknown.
    """
    lines = text.lstrip("\ufeff").splitlines()
    marks = [number for number, line in enumerate(lines) if line.rstrip() == _FENCE][:2]
    if len(marks) < len(("first", "last")) or marks[0] != 0:
        raise LetterFileError(f"{name}: start with a line +++, the title, and a line +++.")
    try:
        fields = tomllib.loads("\n".join(lines[1 : marks[1]]))
    except tomllib.TOMLDecodeError as error:
        raise LetterFileError(f"{name}: the front matter is not TOML ({error}).") from None
    unknown = sorted(fields.keys() - set(_KNOWN))
    if unknown:
        raise LetterFileError(f"{name}: {', '.join(unknown)} is unknown; a letter has {', '.join(_KNOWN)}.")
    if not all(isinstance(value, str) for value in fields.values()):
        raise LetterFileError(f"{name}: put every value of the front matter between quotation marks.")
    visible = fields.get("visible", VISIBILITIES[0])
    if visible not in VISIBILITIES:
        raise LetterFileError(f"{name}: visible is {', '.join(VISIBILITIES[:-1])} or {VISIBILITIES[-1]}.")
    content = "\n".join(lines[marks[1] + 1 :])
    return LetterFile(fields.get("title", ""), content, visible, fields.get("canonical_url") or None)
