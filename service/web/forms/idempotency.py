"""Ids that make a form idempotent: pressing its button twice has one result."""

from __future__ import annotations

import secrets
from hashlib import sha256

from flask import request

from service.db import ID_BITS
from service.web.context import hashed


def new_form_key() -> str:
    """Return a new value for a form's field `once`, each time it is shown."""
    return secrets.token_urlsafe(12)


def idempotent_id(purpose: str, person_id: int, *content: bytes) -> int:
    """Return the id of the row that this request's form creates: the same for the same form of the same person.

    The same form with other `content`, as after the browser's Back button, creates a row of its own.
    """
    once = request.form.get("once") or new_form_key()
    digests = "".join(f" {sha256(part).hexdigest()}" for part in content)
    return int.from_bytes(hashed(purpose, f"{person_id} {once}{digests}")[:8], "big") >> (64 - ID_BITS) or 1
