"""The dates of posts: RFC 2822 in RSS, RFC 3339 in Atom and JSON Feed. A date that cannot be read is not guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def read_date(text: str) -> datetime | None:
    """Return the instant (UTC) that a date says, or None if it cannot be read; without a zone it counts as UTC."""
    text = text.strip()
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = read(text)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
