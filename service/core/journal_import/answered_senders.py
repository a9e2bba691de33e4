"""Which mails of an archive are the service's own: those from an address whose mails somebody else there answers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from typing import Final

_ID: Final = re.compile(r"<[^<>\s]{1,998}>")
_HEADER_BYTES: Final = 64 * 1024
MAILS_AN_ANSWER: Final = 20
_MOST: Final = 200_000  # of mails that are remembered; an archive with more is read without the rest
_PARSER: Final = BytesHeaderParser()


@dataclass(slots=True)
class AnsweredSenders:
    """Who sent the mails of an archive, and who answered which of them (RFC 5322, section 3.6.4).

    A mail journal asks from one address, and its person answers from another. Somebody who answers is no service, even
    where their own mail is answered as well; nor is somebody of whose many mails hardly any is answered, such as a
    person who writes to themselves and once got an answer from a friend.
    """

    _senders: dict[int, str] = field(default_factory=dict, repr=False)
    _answers: list[tuple[int, str]] = field(default_factory=list, repr=False)
    _services: frozenset[str] | None = field(default=None, repr=False)

    def note(self, raw: bytes) -> None:
        """Remember a mail."""
        if len(self._senders) >= _MOST:
            return
        own, answered, sender = _of(raw)
        if own and sender:
            self._senders[hash(own)] = sender
        if answered and sender:
            self._answers.append((hash(answered), sender))

    def covers(self, raw: bytes) -> bool:
        """Return whether a mail is from an address that somebody else answers, and that answers nobody itself."""
        if self._services is None:
            by = {sender for _, sender in self._answers}
            asked = Counter(sender for answered, _ in self._answers if (sender := self._senders.get(answered)))
            mails = Counter(self._senders.values())
            often = {sender for sender, answers in asked.items() if answers * MAILS_AN_ANSWER >= mails[sender]}
            self._services = frozenset(often - by)
        return _of(raw)[2] in self._services


def _of(raw: bytes) -> tuple[str, str, str]:
    """Return the id of a mail, the id of the one that it answers, and its sender's address; each "" where unknown."""
    headers = _PARSER.parsebytes(raw[:_HEADER_BYTES].replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n")
    own, answered = (_ID.search(str(headers.get(name, ""))) for name in ("message-id", "in-reply-to"))
    sender = parseaddr(str(headers.get("from", "")))[1].casefold()
    return own.group() if own else "", answered.group() if answered else "", sender
