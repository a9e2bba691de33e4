"""The signup form as a value, and as the JSON that is sealed until the signup is confirmed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import time

from service.core.addresses import Address
from service.core.schedule import Days, Schedule, find_zone
from service.models import Keyring


@dataclass(frozen=True, slots=True)
class SignupForm:
    """The fields of the signup form."""

    address: Address = field(repr=False)
    schedule: Schedule
    locale: str


def form_place(request_id: int) -> str:
    """Return the place that the sealed form of a request is bound to."""
    return f"mail_requests.form:{request_id}"


def encode_form(form: SignupForm) -> bytes:
    """Return the form as JSON, to be sealed."""
    schedule = form.schedule
    return json.dumps(
        {
            "address": form.address.text,
            "days": schedule.days.mask,
            "at": schedule.at.isoformat("minutes"),
            "zone": schedule.zone.key,
            "locale": form.locale,
        }
    ).encode()


def open_form(keyring: Keyring, request_id: int, sealed_form: bytes) -> SignupForm:
    """Return the form that is sealed in a request."""
    return decode_form(keyring.inbound.open(sealed_form, place=form_place(request_id)))


def decode_form(encoded: bytes) -> SignupForm:
    """Return the form from its JSON."""
    values = json.loads(encoded)
    zone = find_zone(values["zone"])
    assert zone is not None
    schedule = Schedule(Days(values["days"]), time.fromisoformat(values["at"]), zone)
    return SignupForm(Address(values["address"]), schedule, values["locale"])
