"""Very large uploads: the thread that answers reads one from the connection, so that only a few may arrive at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from flask import request

from service.web.security.limits import LARGEST_POST_BYTES

AT_ONCE = 2  # of the eight threads of a web process
_places = BoundedSemaphore(AT_ONCE)


@contextmanager
def place_for_upload() -> Iterator[bool]:
    """Hold a place for this request's body while it is read; the value is False where none is free.

    A body that was received whole before this thread saw it needs none.
    """
    if (request.content_length or 0) <= LARGEST_POST_BYTES:
        yield True
        return
    has_place = _places.acquire(blocking=False)
    try:
        yield has_place
    finally:
        if has_place:
            _places.release()
