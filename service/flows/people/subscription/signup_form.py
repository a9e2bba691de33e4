"""The signup form as a value, and as the JSON that is sealed until the signup is confirmed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import time

from service.core.addresses import Address
from service.core.settings.consent import Stream
from service.core.settings.schedule import Days, Schedule, find_zone
from service.models import Keyring, Subscriber, SubscriberStatus


@dataclass(frozen=True, slots=True)
class SignupForm:
    """The fields of the signup form; whoever asks for letters alone gets the schedule of the writer."""

    address: Address = field(repr=False)
    schedule: Schedule
    locale: str
    wants_questions: bool = True
    wants_letters: bool = False

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Return what is asked for."""
        return Stream.wanted(questions=self.wants_questions, letters=self.wants_letters)


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
            "streams": form.streams,
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
    streams = values.get("streams", (Stream.QUESTIONS,))  # older forms name none
    return SignupForm(
        Address(values["address"]),
        schedule,
        values["locale"],
        wants_questions=Stream.QUESTIONS in streams,
        wants_letters=Stream.LETTERS in streams,
    )


@dataclass(frozen=True, slots=True)
class WaitingSignup:
    """What confirming a signup brings: the streams that do not come yet, and the schedule and locale of questions."""

    streams: tuple[Stream, ...]
    schedule: Schedule
    locale: str


def waiting_of(person: Subscriber, form: SignupForm) -> WaitingSignup:
    """Return what confirming a form brings its sender."""
    return WaitingSignup(streams_to_confirm(person, form), form.schedule, form.locale)


def streams_to_confirm(person: Subscriber, form: SignupForm) -> tuple[Stream, ...]:
    """Return what of a form its sender has yet to confirm: all of it, unless they get some of it now."""
    if person.status in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        return form.streams
    return tuple(stream for stream in form.streams if stream not in person.streams)
