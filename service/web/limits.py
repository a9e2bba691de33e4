"""How large a request may be, by its path; read by the pages, the webhooks and the server before them."""

from __future__ import annotations

INBOUND_PATH = "/webhooks/mailgun/inbound"
# A mail of 25 MB whose attachments are encoded twice is a post of 60 MB.
LARGEST_POST_BYTES = 80 * 1024 * 1024
LARGEST_EVENT_BYTES = 1024 * 1024
LARGEST_FORM_BYTES = 1024 * 1024  # 256 kB of words are three times that when every byte is percent-encoded


def largest_body_bytes(path: str) -> int:
    """Return how large the body of a request for this path may be."""
    return LARGEST_POST_BYTES if path.startswith(INBOUND_PATH) else LARGEST_FORM_BYTES
