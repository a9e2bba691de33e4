"""The largest size of a request, by its path; used by the pages, the webhooks and the server."""

from __future__ import annotations

import re

INBOUND_PATH = "/webhooks/mailgun/inbound"
WRITE_PATH = "/write"
IMPORT_PATH = "/import"
_EDIT_PATH = re.compile(r"/journal/entry/[0-9]+/edit")
# A mail of 25 MB whose attachments are encoded twice becomes a post of 60 MB.
LARGEST_POST_BYTES = 80 * 1024 * 1024
# A journal with its photos. Beyond LARGEST_POST_BYTES it is read while it arrives: service/web/forms/large_uploads.py.
LARGEST_IMPORT_BYTES = 1024 * 1024 * 1024
LARGEST_EVENT_BYTES = 1024 * 1024
LARGEST_FORM_BYTES = 1024 * 1024  # 256 kB of words take three times that if every byte is percent-encoded
# Ten photos from a phone, with the words. Only for signed-in people: service/web/forms/uploads.py.
LARGEST_PHOTOS_FORM_BYTES = 60 * 1024 * 1024


def takes_photos(path: str) -> bool:
    """Return whether a form that is posted to this path may have photos."""
    return path == WRITE_PATH or _EDIT_PATH.fullmatch(path) is not None


def largest_body_bytes(path: str) -> int:
    """Return the largest size of a body that is received whole before it is answered, in bytes."""
    if takes_photos(path):
        return LARGEST_PHOTOS_FORM_BYTES
    is_large = path == IMPORT_PATH or path.startswith(INBOUND_PATH)
    return LARGEST_POST_BYTES if is_large else LARGEST_FORM_BYTES


def largest_streamed_bytes(path: str) -> int:
    """Return the largest declared size of a body that a thread may read from the connection, 0 for most paths."""
    return LARGEST_IMPORT_BYTES if path == IMPORT_PATH else 0


def received_anyway_bytes(path: str) -> int:
    """Return how much of a body that is too large is received, since it begins with words to give back."""
    return LARGEST_FORM_BYTES if takes_photos(path) else 0
