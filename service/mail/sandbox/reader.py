"""The workers' interface to the reading process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.core.replies import SentEmail
from service.mail.sandbox.child_process import ChildProcess, ChildTimeoutError, module_command
from service.mail.sandbox.pictures import PictureRedrawer
from service.mail.sandbox.reading import MailContent, MailReading, answered, question

WALL_SECONDS = 6.0
COMMAND = module_command("service.mail.sandbox.reading")


@dataclass(frozen=True, slots=True)
class UnreadableMail:
    """The mail could not be read within the limits; the reason has no content of the mail."""

    reason: str


_LATE = UnreadableMail("took too long or too much")


@dataclass(slots=True)
class MailReader:
    """Reads mails in a child process, so that a hostile mail can only crash that process."""

    wall_seconds: float = WALL_SECONDS
    command: Sequence[str] = COMMAND
    pictures: PictureRedrawer = field(default_factory=PictureRedrawer, repr=False)
    _child: ChildProcess = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._child = ChildProcess(self.command)

    def read(self, content: MailContent, sent: SentEmail | None) -> MailReading | UnreadableMail:
        """Return the words and files of a mail, or why it could not be read; never raises for any content.

        The words are more important: a mail that cannot be read with its files is read again without them.
        """
        reading = self._ask(content, sent, with_files=True)
        return reading if isinstance(reading, MailReading) else self._ask(content, sent, with_files=False)

    def read_words(self, content: MailContent) -> MailReading | UnreadableMail:
        """Return the words of a mail without its files, or why they could not be read."""
        return self._ask(content, None, with_files=False)

    def _ask(self, content: MailContent, sent: SentEmail | None, *, with_files: bool) -> MailReading | UnreadableMail:
        asked = question(content, sent, with_files=with_files)
        try:
            reading = answered(self._child.ask(asked, self.wall_seconds))
        except ChildTimeoutError:
            return _LATE
        return reading if isinstance(reading, MailReading) else UnreadableMail(reading)

    def close(self) -> None:
        """End the child process, and the one that redraws pictures."""
        self._child.close()
        self.pictures.close()
