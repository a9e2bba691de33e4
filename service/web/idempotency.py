"""Ids that make a form's result the same however often its button is pressed."""

from __future__ import annotations

import secrets

from flask import request

from service.db import ID_BITS
from service.web.context import hashed


def new_form_key() -> str:
    """Return what a form carries as `once`: fresh each time it is shown."""
    return secrets.token_urlsafe(12)


def idempotent_id(purpose: str, person_id: int) -> int:
    """Return the id of what this request's form makes: the same for the same form of the same person."""
    once = request.form.get("once") or new_form_key()
    return int.from_bytes(hashed(purpose, f"{person_id} {once}")[:8], "big") >> (64 - ID_BITS) or 1
