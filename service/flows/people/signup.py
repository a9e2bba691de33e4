"""Signing up: a page records the request, a job processes it, and the subscriber confirms."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.library.prompts import Library, Prompt
from service.core.library.rotation import History
from service.core.schedule import Days, Schedule, find_zone, local_date
from service.core.slots import request_slot
from service.core.tokens import ActToken
from service.db import random_id
from service.flows.people import aliases
from service.flows.people.consent import record_consent
from service.flows.people.mail_requests import Requester, TooManyRequests, record_request
from service.models import (
    Delivery,
    DeliveryKind,
    Keyring,
    MailRequest,
    MailRequestKind,
    NewDelivery,
    Subscriber,
    SubscriberStatus,
    Suppression,
)

MAX_CONFIRMATIONS_PER_DAY = 3
MAX_SIGN_INS_PER_DAY = 10
DAY = timedelta(days=1)
SIGN_IN_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignupForm:
    """The fields of the signup form."""

    address: Address = field(repr=False)
    schedule: Schedule
    locale: str


@dataclass(frozen=True, slots=True)
class ConfirmResult:
    """The result of a confirm link; `is_new` if it confirmed now, `may_sign_in` if the browser may be signed in."""

    delivery_ids: list[int]
    is_new: bool
    may_sign_in: bool


def ask(
    session: Session, keyring: Keyring, *, form: SignupForm, asker: Requester, now: datetime
) -> int | TooManyRequests:
    """Return the id of the request for a signup, or that this network has made too many; the form is sealed."""
    request_id = random_id()
    return record_request(
        session,
        kind=MailRequestKind.SIGNUP,
        address_hash=keyring.address_hash(form.address),
        asker=asker,
        now=now,
        request_id=request_id,
        sealed_form=keyring.seal_own(_encode_form(form), place=_place(request_id)),
    )


def process_mail_request(session: Session, keyring: Keyring, request_id: int, now: datetime) -> list[int]:
    """Return the ids of the emails planned for a request; none if it was processed before.

    A signup with an unknown address creates a pending subscriber. A known address gets a sign-in email instead. A
    suppressed address only gets sign-in emails, and only those requested on the sign-in page.
    """
    request = MailRequest.waiting(session, request_id)
    if request is None:
        return []
    if request.sealed_form is None:
        known = Subscriber.with_address(session, request.address_hash)
        person = Subscriber.locked(session, known.id) if known else None
    else:
        person = _find_or_create(session, keyring, request, request.sealed_form)
    request.done_at = now
    request.sealed_form = None
    if person is None:
        return []
    kind = _kind_of_email(request, person)
    if _has_reached_limit(session, person.id, kind, now):
        return []
    return Delivery.plan(session, [_new_delivery(request, person.id, kind, now)])


def confirm(session: Session, library: Library, subscriber_id: int, now: datetime, *, source: str) -> list[int]:
    """Return the ids of the emails planned on confirmation: a welcome, at most one a local day, and perhaps a notice.

    A pending or stopped subscriber becomes active; for any other status nothing changes. The notice goes to a
    subscriber who had this address as an alias. `source` is "link" or "reply".
    """
    person = Subscriber.locked(session, subscriber_id)
    if person is None or person.status not in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        return []
    today = local_date(now, person.zone)
    person.status = SubscriberStatus.ACTIVE
    person.confirmed_at = now
    person.look_ahead(now, not_on=today)
    record_consent(session, person, "confirmed", source=source, now=now)
    prompt = _first_prompt(library, person)
    welcome = NewDelivery(
        subscriber_id=person.id,
        kind=DeliveryKind.WELCOME,
        slot=today.isoformat(),
        prompt_id=prompt.id,
        ready_at=now,
        planned_at=now,
        enqueued_at=now,
    )
    planned = Delivery.plan(session, [welcome])
    if planned:
        person.history = History.parse(person.history).adding(prompt.id, today).text
        person.prompts_sent += 1
    return planned + aliases.release(session, person, now)


def confirm_by_link(
    session: Session, library: Library, token: ActToken, *, browser: bytes, now: datetime
) -> ConfirmResult:
    """Return the result of pressing the button behind a confirm link.

    Only the press that confirms may sign the browser in. If there may be a journal already (the subscriber had
    stopped), the browser must also be the one that made the request, because the link stays in the mailbox for days.
    """
    person = Subscriber.locked(session, token.subscriber_id)
    if person is None or person.status not in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        return ConfirmResult([], is_new=False, may_sign_in=False)
    request = session.get(MailRequest, token.object_id)
    is_same_browser = request is not None and request.browser_hash == browser
    may_sign_in = person.status == SubscriberStatus.PENDING or is_same_browser
    ids = confirm(session, library, person.id, now, source="link")
    return ConfirmResult(ids, is_new=True, may_sign_in=may_sign_in)


def _find_or_create(session: Session, keyring: Keyring, request: MailRequest, sealed_form: bytes) -> Subscriber | None:
    """Return the new or updated subscriber of a signup, or None if the address is suppressed."""
    if Suppression.covers(session, request.address_hash):
        return None
    form = _open_form(keyring, request.id, sealed_form)
    person = Subscriber.enrol(session, _new_person(keyring, request, form))
    if person.status == SubscriberStatus.PENDING:
        person.created_at = request.created_at  # the time limit for confirming starts again
    if person.status in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        person.follow(form.schedule)
        person.locale = form.locale
        record_consent(session, person, "asked", source="page", now=request.created_at, network=request.network_hash)
    return person


def _kind_of_email(request: MailRequest, person: Subscriber) -> DeliveryKind:
    if person.status == SubscriberStatus.PENDING:
        return DeliveryKind.CONFIRMATION
    if person.status == SubscriberStatus.STOPPED and request.kind == MailRequestKind.SIGNUP:
        return DeliveryKind.CONFIRMATION
    return DeliveryKind.SIGN_IN


def _has_reached_limit(session: Session, subscriber_id: int, kind: DeliveryKind, now: datetime) -> bool:
    limit = MAX_CONFIRMATIONS_PER_DAY if kind == DeliveryKind.CONFIRMATION else MAX_SIGN_INS_PER_DAY
    return Delivery.count_since(session, subscriber_id, kind, now - DAY) >= limit


def _new_delivery(request: MailRequest, subscriber_id: int, kind: DeliveryKind, now: datetime) -> NewDelivery:
    return NewDelivery(
        subscriber_id=subscriber_id,
        kind=kind,
        slot=request_slot(request.id, request.created_at),
        reference=request.id,
        ready_at=now,
        planned_at=now,
        enqueued_at=now,
        # A sign-in email that arrives after its link has expired would confuse its reader.
        expires_at=request.created_at + SIGN_IN_LIFETIME if kind == DeliveryKind.SIGN_IN else None,
    )


def _new_person(keyring: Keyring, request: MailRequest, form: SignupForm) -> dict[str, object]:
    subscriber_id = random_id()
    key, wrapped = keyring.new_subscriber_key(subscriber_id)
    person = Subscriber()
    person.follow(form.schedule)
    return {
        "id": subscriber_id,
        "address_hash": request.address_hash,
        "sealed_address": keyring.seal_address(key, subscriber_id, form.address),
        "data_key": wrapped,
        "locale": form.locale,
        "days_mask": person.days_mask,
        "send_minute": person.send_minute,
        "time_zone": person.time_zone,
        "created_at": request.created_at,
    }


def _first_prompt(library: Library, person: Subscriber) -> Prompt:
    """Return the first of the six opening prompts that a subscriber has not had, or else the very first."""
    opening = library.first_six(person.locale)
    used = {key for key, _ in History.parse(person.history).entries}
    return next((prompt for prompt in opening if prompt.key not in used), opening[0])


def _place(request_id: int) -> str:
    return f"mail_requests.form:{request_id}"


def _encode_form(form: SignupForm) -> bytes:
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


def _open_form(keyring: Keyring, request_id: int, sealed_form: bytes) -> SignupForm:
    form = json.loads(keyring.inbound.open(sealed_form, place=_place(request_id)))
    zone = find_zone(form["zone"])
    assert zone is not None
    schedule = Schedule(Days(form["days"]), time.fromisoformat(form["at"]), zone)
    return SignupForm(Address(form["address"]), schedule, form["locale"])
