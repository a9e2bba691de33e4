"""The values that go into and come out of reading a reply."""

from dataclasses import dataclass, field
from typing import Literal

Reason = Literal["quotation", "attribution", "footer", "signature"]


@dataclass(frozen=True, slots=True)
class SentEmail:
    """The email that was answered, as it went out.

    `%recipient.NAME%` placeholders may stand in it: they match nothing and break nothing. `alternatives` are the text
    and the HTML of other emails to the same reply address, one of which may have been answered instead.
    `recipient_names` are the addresses and names by which mail programs call the recipient, and `earlier_replies` is
    what they have answered before, as it is kept: whoever replies to their own sent mail quotes both.
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
    """A piece that was left out, why, and the line of `ReplyWords.text` before which it stood.

    It is `set_aside` if it may be the person's own and little of what they sent is left without it: then they are
    asked whether to put it back.
    """

    reason: Reason
    text: str = field(repr=False)
    at: int
    set_aside: bool = False


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """What the person wrote, and what was taken away.

    `text` is light Markdown; `bare` is the same without the marks that reading HTML added
    (emphasis, link targets, quotation marks); `over` is what lay beyond the cap, untouched.
    """

    text: str = field(repr=False)
    trimmed: tuple[TrimmedPiece, ...] = field(default=(), repr=False)
    over: str = field(default="", repr=False)
    bare: str = field(default="", repr=False)

    @property
    def set_aside(self) -> tuple[TrimmedPiece, ...]:
        """Return the pieces that the person is asked about."""
        return tuple(piece for piece in self.trimmed if piece.set_aside)
