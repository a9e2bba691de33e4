"""Discreet mode: a neutral sender's name, neutral subjects and first lines, from templates/email/discreet.toml."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT: Final = "default"
_REPLY: Final = "Re: "


@dataclass(frozen=True, slots=True)
class Opening:
    """The heading and the first lines of a discreet email."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DiscreetWords:
    """The texts that discreet mode uses instead of an email's own sender's name, subject and first lines."""

    name: str
    subjects: tuple[str, ...]
    own_subjects: frozenset[str]
    openings: Mapping[str, Opening]

    @classmethod
    def parse(cls, text: str) -> DiscreetWords:
        """Return the words in a TOML text.

        Raises:
            KeyError: a table or the default opening is missing.
            TypeError: an opening lacks its heading or lines, or has an unknown field.
            ValueError: the text is not TOML, or has no subject.
        """
        values = tomllib.loads(text)
        if not values["subjects"]:
            raise ValueError("Discreet mode needs a subject")
        openings = {
            name: Opening(**fields | {"lines": tuple(fields["lines"])}) for name, fields in values["openings"].items()
        }
        if _DEFAULT not in openings:
            raise KeyError(_DEFAULT)
        return cls(values["name"], tuple(values["subjects"]), frozenset(values["own_subjects"]), openings)

    def subject(self, name: str, subject: str) -> str:
        """Return the discreet subject of the email `name`, always the same for the same ordinary `subject`.

        An answer keeps its "Re:", and the subject of the discreet email that was answered.
        """
        if subject.startswith(_REPLY):
            return _REPLY + self.subject("", subject.removeprefix(_REPLY))
        if name in self.own_subjects or subject in self.subjects:
            return subject
        digest = hashlib.sha256(subject.encode()).digest()
        return self.subjects[int.from_bytes(digest[:4], "big") % len(self.subjects)]

    def opening(self, name: str) -> Opening:
        """Return the first lines of the email `name`."""
        return self.openings.get(name, self.openings[_DEFAULT])
