"""The texts of short emails, for pages with the same text."""

from __future__ import annotations

from functools import cache

from service.mail.outbound.short_emails import ShortEmail, read_short_emails
from service.template_files import TEMPLATES


def said_by_email(name: str) -> ShortEmail:
    """Return the text of the email with this name in templates/email/answers.toml, such as "command.not_today"."""
    return _answers()[name]


@cache
def _answers() -> dict[str, ShortEmail]:
    return read_short_emails((TEMPLATES / "email" / "answers.toml").read_text(encoding="utf-8"))
