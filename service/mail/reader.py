"""The reading process seen from outside: asked mail by mail, ended when a mail takes too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.core.replies import Sent
from service.mail import files
from service.mail.child import Child, LateError, module
from service.mail.files import Files
from service.mail.pictures import Redrawer
from service.mail.reading import Material, Reading, answered, question

WALL_SECONDS = 6.0
COMMAND = module("service.mail.reading")


@dataclass(frozen=True, slots=True)
class Unread:
    """The mail could not be read within the bounds; the reason names no content."""

    reason: str


_LATE = Unread("took too long or too much")


@dataclass(slots=True)
class Reader:
    """Reads mails in a child. A hostile mail costs its own child its life, and nobody else anything."""

    wall_seconds: float = WALL_SECONDS
    command: Sequence[str] = COMMAND
    pictures: Redrawer = field(default_factory=Redrawer, repr=False)
    _child: Child = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._child = Child(self.command)

    def read(self, material: Material, sent: Sent | None) -> Reading | Unread:
        """Return the words of a mail, or why they could not be read; never raises for anything a mail holds."""
        try:
            reading = answered(self._child.ask(question(material, sent), self.wall_seconds))
        except LateError:
            return _LATE
        return reading if isinstance(reading, Reading) else Unread(reading)

    def files(self, material: Material, sent: Sent | None) -> Files | Unread:
        """Return the files of a mail: those of raw MIME, and which pictures its HTML shows aside; never raises."""
        try:
            found = files.answered(self._child.ask(question(material, sent, files.WANTED), self.wall_seconds))
        except LateError:
            return _LATE
        return found if isinstance(found, Files) else Unread(found)

    def close(self) -> None:
        """End the child, and the one that draws pictures."""
        self._child.close()
        self.pictures.close()
