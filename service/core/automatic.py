"""Telling mail that a program wrote from mail that a person wrote, by its headers alone (RFC 3834, RFC 3464)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

Headers = Sequence[tuple[str, str]]

_REPORTS = ("multipart/report", "message/disposition-notification", "message/delivery-status", "text/calendar")
_NOBODY = frozenset({"", "<>"})
_PROGRAMS = ("mailer-daemon@", "postmaster@", "noreply@", "no-reply@", "donotreply@", "do-not-reply@", "bounce@")
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})


class Author(Enum):
    """Who seems to have written a mail."""

    PERSON = "person"
    PERHAPS_PROGRAM = "perhaps a program"
    PROGRAM = "program"


def author(headers: Headers, *, envelope_sender: str, from_address: str | None, own: Iterable[str]) -> Author:
    """Return who seems to have written a mail.

    `List-Id`, `Precedence` and `X-Auto-Response-Suppress` alone are weak signs: people write through lists and from
    systems that set them. The rest are certain enough never to answer.
    """
    values = {name.lower(): value.strip().lower() for name, value in reversed(headers)}
    sender = (from_address or "").lower()
    if (
        envelope_sender.strip() in _NOBODY
        or values.get("auto-submitted", "no").split(";")[0].strip() != "no"
        or values.get("content-type", "").startswith(_REPORTS)
        or "x-autoreply" in values
        or "x-autorespond" in values
        or "x-failed-recipients" in values
        or sender.startswith(_PROGRAMS)
        or sender in {address.lower() for address in own}
    ):
        return Author.PROGRAM
    if "list-id" in values or values.get("precedence", "") in _BULK or "x-auto-response-suppress" in values:
        return Author.PERHAPS_PROGRAM
    return Author.PERSON
