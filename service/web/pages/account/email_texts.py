"""The texts of short emails, for pages that say the same."""

from __future__ import annotations

from functools import cache

from service.mail.outbound.short_emails import ShortEmail, read_short_emails
from service.runtime import TEMPLATES


def said_by_email(name: str) -> ShortEmail:
    """Return what the email of this name in templates/email/answers.toml says, like "command.not_today"."""
    return _answers()[name]


@cache
def _answers() -> dict[str, ShortEmail]:
    return read_short_emails((TEMPLATES / "email" / "answers.toml").read_text(encoding="utf-8"))
