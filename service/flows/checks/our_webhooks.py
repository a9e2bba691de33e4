"""The URLs at which the service takes the provider's posts, and how a route names them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from service.core.reply_address import JOINING

# A reply, List-Unsubscribe, a test mail, and the mails to join.
SAMPLE_LOCAL_PARTS: Final = ("r-aaaaaaaa", "s-aaaaaaaa", "t-aaaaaaaa", *JOINING.values())
_FORWARD: Final = re.compile(r"forward\(\s*(['\"])(?P<to>.*?)\1\s*\)", re.DOTALL)
_STORE: Final = re.compile(r"store\(")


def events_url(base_url: str) -> str:
    """Return the URL to which events are posted."""
    return f"{base_url}/webhooks/mailgun/events"


def inbound_urls(base_url: str) -> tuple[str, str]:
    """Return the URLs to which mail is posted: as raw MIME, which keeps the original bytes, or as fields."""
    return f"{base_url}/webhooks/mailgun/inbound/mime", f"{base_url}/webhooks/mailgun/inbound"


def forwards_to_us(actions: Sequence[str], base_url: str) -> bool:
    """Return whether a route forwards mail to the service."""
    return any(target.rstrip("/") in inbound_urls(base_url) for target in forward_targets(actions))


def forward_targets(actions: Sequence[str]) -> list[str]:
    """Return the targets of a route's forward actions."""
    return [found["to"].strip() for action in actions for found in _FORWARD.finditer(action)]


def stores(actions: Sequence[str]) -> bool:
    """Return whether a route keeps mail at the provider (`store`), which posts no attachments."""
    return any(_STORE.match(action.strip()) for action in actions)
