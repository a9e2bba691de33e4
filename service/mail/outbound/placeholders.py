"""The provider's `%recipient.NAME%` placeholders: finding, checking and filling them.

The provider has no default values: it sends a placeholder without a value as it is, to everybody
(mailgun.js issue 445). So every request is checked before it is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from service.mail.outbound.mailer import OutgoingEmail

_PLACEHOLDER = re.compile(r"%recipient\.([A-Za-z0-9_]{1,40})%")
# The provider does not escape a value, not even in HTML and in headers.
_UNSAFE = re.compile(r"[<>\"'&%\x00-\x1f\x7f]")


def placeholder(name: str) -> str:
    """Return the placeholder of the recipient variable with this name."""
    return f"%recipient.{name}%"


def names_in(email: OutgoingEmail) -> frozenset[str]:
    """Return the names of all placeholders anywhere in the email."""
    texts = (email.subject, email.text, email.html, email.reply_to, *email.headers.values())
    return frozenset(name for text in texts for name in _PLACEHOLDER.findall(text))


def check(names: frozenset[str], variables: Mapping[str, str]) -> None:
    """Check that `variables` has a safe value for each of the names.

    Raises:
        ValueError: a value is missing, or would change the HTML or header around it.
    """
    missing = sorted(names - variables.keys())
    if missing:
        raise ValueError(f"No value for the placeholder {', '.join(missing)}")
    unsafe = sorted(name for name in names if _UNSAFE.search(variables[name]))
    if unsafe:
        raise ValueError(f"A value for {', '.join(unsafe)} holds a quote, bracket or line break")


def filled(email: OutgoingEmail, variables: Mapping[str, str]) -> OutgoingEmail:
    """Return the email with every placeholder replaced, as the provider would replace it.

    Raises:
        ValueError: see `check`.
    """
    check(names_in(email), variables)
    return replace(
        email,
        subject=_fill(email.subject, variables),
        text=_fill(email.text, variables),
        html=_fill(email.html, variables),
        reply_to=_fill(email.reply_to, variables),
        headers={name: _fill(value, variables) for name, value in email.headers.items()},
    )


def _fill(text: str, variables: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: variables[match[1]], text)
