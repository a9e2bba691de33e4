"""The input and output values of the reply reader."""

from dataclasses import dataclass, field
from typing import Literal

Reason = Literal["quotation", "attribution", "footer", "signature"]


@dataclass(frozen=True, slots=True)
class SentEmail:
    """The email that was answered, as it was sent.

    `%recipient.NAME%` placeholders in it are ignored. `alternatives` are the text and the HTML of other emails to the
    same reply address, one of which may have been answered instead. `recipient_names` are the addresses and names of
    the recipient in mail programs, and `earlier_replies` are their stored earlier replies: a person who replies to
    their own sent mail quotes both.
    """

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    reply_address: str = field(default="", repr=False)
    sender_name: str = field(default="", repr=False)
    alternatives: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    recipient_names: tuple[str, ...] = field(default=(), repr=False)
    earlier_replies: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class TrimmedPiece:
    """A piece that was left out, why, and the line of `ReplyWords.text` before which it was.

    It is `set_aside` if it may be the person's own and little of their text is left without it: then they are asked
    whether to put it back.
    """

    reason: Reason
    text: str = field(repr=False)
    at: int
    set_aside: bool = False


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """The person's words, and the pieces that were left out.

    `text` is light Markdown; `bare` is the same without the marks that the HTML reader added
    (emphasis, link targets, quotation marks); `over` is the unread text beyond the cap.
    """

    text: str = field(repr=False)
    trimmed: tuple[TrimmedPiece, ...] = field(default=(), repr=False)
    over: str = field(default="", repr=False)
    bare: str = field(default="", repr=False)

    @property
    def set_aside(self) -> tuple[TrimmedPiece, ...]:
        """Return the pieces that the person is asked about."""
        return tuple(piece for piece in self.trimmed if piece.set_aside)
