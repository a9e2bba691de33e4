"""A letter as it is fixed when it is scheduled: its parts in each mode, its page, and the pictures inside its email."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from service.mail.outbound.rendering import Rendered

_DIGEST_LENGTH = 32


@dataclass(frozen=True, slots=True)
class FrozenLetter:
    """What goes out, with placeholders for what differs between recipients, and what the page shows.

    `pictures` are (id of the stored picture, its name in `cid:`); `discreet` is for people in discreet mode.
    """

    ordinary: Rendered
    discreet: Rendered
    page_html: str = field(repr=False)
    pictures: tuple[tuple[int, str], ...] = ()

    def in_mode(self, *, is_discreet: bool) -> Rendered:
        """Return the parts of a mode."""
        return self.discreet if is_discreet else self.ordinary

    def as_json(self) -> str:
        """Return it as JSON, to be stored."""
        parts = {name: [part.subject, part.text, part.html] for name, part in self._modes()}
        return json.dumps({**parts, "page_html": self.page_html, "pictures": self.pictures}, ensure_ascii=False)

    @property
    def digest(self) -> str:
        """Return a hash of all that goes out."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()[:_DIGEST_LENGTH]

    @classmethod
    def from_json(cls, text: str) -> FrozenLetter:
        """Return what `as_json` stored."""
        found = json.loads(text)
        return cls(
            ordinary=Rendered(*found["ordinary"]),
            discreet=Rendered(*found["discreet"]),
            page_html=found["page_html"],
            pictures=tuple((id_, name) for id_, name in found["pictures"]),
        )

    def _modes(self) -> tuple[tuple[str, Rendered], ...]:
        return ("ordinary", self.ordinary), ("discreet", self.discreet)
