"""The words of short emails, for the pages that say the same."""

from __future__ import annotations

from functools import cache

from service.mail.answers import Answer, read_answers
from service.runtime import TEMPLATES


def said_by_email(name: str) -> Answer:
    """Return what the email of this name in templates/email/answers.toml says, like "command.not_today"."""
    return _answers()[name]


@cache
def _answers() -> dict[str, Answer]:
    return read_answers((TEMPLATES / "email" / "answers.toml").read_text(encoding="utf-8"))
