"""When a form was shown, signed in a hidden field: a program that posts it at once, or after a day, gets it back.

It works without script and keeps nothing: whoever fills in a form in two seconds presses the button once more.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from flask import request

from service.core.sealing import IndexKey
from service.web.context import get_runtime, now

SOONEST = timedelta(seconds=2)
LATEST = timedelta(hours=24)
FIELD = "opened"
_MILLISECOND = timedelta(milliseconds=1)
_START = datetime(2020, 1, 1, tzinfo=UTC)
_MAC_CHARACTERS = 32
_MAX_DIGITS = 15


def sign_form_time(key: IndexKey, at: datetime) -> str:
    """Return the field of a form that was shown at an instant, to the millisecond."""
    number = str((at - _START) // _MILLISECOND)
    return f"{number}.{_mac(key, number)}"


def form_time() -> str:
    """Return the field of a form that is shown now; one that comes back keeps its own while that is valid."""
    shown_at = _shown_at()
    if shown_at is not None and now() - shown_at <= LATEST:
        return request.form[FIELD]
    return sign_form_time(get_runtime().keyring.index, now())


def is_timely() -> bool:
    """Return whether the posted form was shown between two seconds and a day ago."""
    shown_at = _shown_at()
    return shown_at is not None and SOONEST <= now() - shown_at <= LATEST


def _shown_at() -> datetime | None:
    """Return when the posted form was shown, or None if it does not say so with our signature."""
    number, _, mac = request.form.get(FIELD, "").partition(".")
    if not (number.isascii() and number.isdecimal() and len(number) <= _MAX_DIGITS and mac.isascii()):
        return None
    if not hmac.compare_digest(mac, _mac(get_runtime().keyring.index, number)):
        return None
    return _START + int(number) * _MILLISECOND


def _mac(key: IndexKey, number: str) -> str:
    return key.digest("form time", number.encode()).hex()[:_MAC_CHARACTERS]
