"""What somebody sees of an email without opening it, and the words there that would tell what it is about."""

from __future__ import annotations

import re
from email.utils import parseaddr

from selectolax.lexbor import LexborHTMLParser

# A phone shows at most five lines of an email that has not been opened, of about forty characters.
SHOWN = 200
TELLING = re.compile(
    r"small|step|question|prompt|journal|diary|reflect|writ|wrote|words?\b|repl|answer|digest|month|year|photo|"
    r"heal|feel|hurt|tired|\bbody|help|therap|care|kept|delet|rest\b|stop|pause|weekly|stillness|gentle|sign up|"
    r"january|february|march|april|\bmay\b|june|july|august|september|october|november|december",
    re.IGNORECASE,
)


def shown_unopened(sender: str, subject: str, text: str, html: str) -> list[str]:
    """Return what shows of an email that has not been opened: sender's name, subject, and first lines of each part."""
    body = LexborHTMLParser(html).body
    assert body is not None
    firsts = [" ".join(part.split())[:SHOWN] for part in (text, body.text(separator=" "))]
    assert all(len(first) == SHOWN for first in firsts)
    return [parseaddr(sender)[0], subject, *firsts]


def telling_words(shown: list[str]) -> list[str]:
    """Return the words there that tell."""
    return [found for part in shown for found in TELLING.findall(part)]
