"""Signing up: the page asks, a job acts, the person confirms."""

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

CONFIRMATIONS_A_DAY = 3
SIGN_INS_A_DAY = 10
DAY = timedelta(days=1)
SIGN_IN_LIVES = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignupForm:
    """What the signup page asks for."""

    address: Address = field(repr=False)
    schedule: Schedule
    locale: str


@dataclass(frozen=True, slots=True)
class ConfirmResult:
    """What became of a confirm link: whether it was this press that confirmed, and may this browser be signed in."""

    delivery_ids: list[int]
    is_new: bool
    may_sign_in: bool


def ask(
    session: Session, keyring: Keyring, *, form: SignupForm, asker: Requester, now: datetime
) -> int | TooManyRequests:
    """Return the id of the request for a signup, whose form is sealed, or that this network asked too often."""
    request_id = random_id()
    return record_request(
        session,
        kind=MailRequestKind.SIGNUP,
        address_hash=keyring.address_hash(form.address),
        asker=asker,
        now=now,
        request_id=request_id,
        sealed_form=keyring.seal_own(_written(form), place=_place(request_id)),
    )


def process_mail_request(session: Session, keyring: Keyring, request_id: int, now: datetime) -> list[int]:
    """Return the ids of the emails that a request led to, planned now; none the second time.

    A signup makes an unknown address a pending subscriber. A known one gets a way in instead; a suppressed one gets
    nothing but a sign-in that was asked for.
    """
    request = MailRequest.waiting(session, request_id)
    if request is None:
        return []
    if request.sealed_form is None:
        known = Subscriber.with_address(session, request.address_hash)
        person = Subscriber.locked(session, known.id) if known else None
    else:
        person = _enrolled(session, keyring, request, request.sealed_form)
    request.done_at = now
    request.sealed_form = None
    if person is None:
        return []
    kind = _owed(request, person)
    if _had_enough(session, person.id, kind, now):
        return []
    return Delivery.plan(session, [_asked_for(request, person.id, kind, now)])


def confirm(session: Session, library: Library, subscriber_id: int, now: datetime, *, source: str) -> list[int]:
    """Return the ids of the emails that confirming leads to: the welcome, once a local day, and a notice if need be.

    Whoever is pending or stopped becomes active; for anybody else, or confirming twice, nothing changes. `source` says
    where it came from: "link" or "reply".
    """
    person = Subscriber.locked(session, subscriber_id)
    if person is None or person.status not in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        return []
    today = local_date(now, person.zone)
    person.status = SubscriberStatus.ACTIVE
    person.confirmed_at = now
    person.look_ahead(now, not_on=today)
    record_consent(session, person, "confirmed", source=source, now=now)
    prompt = _first_question(library, person)
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
    """Return what pressing the button behind a confirm link did.

    The browser is signed in only by the press that confirms, and where there may be a journal already (somebody who
    had stopped) only if it is the browser that asked: the link stays in the mail for days.
    """
    person = Subscriber.locked(session, token.subscriber_id)
    if person is None or person.status not in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        return ConfirmResult([], is_new=False, may_sign_in=False)
    request = session.get(MailRequest, token.object_id)
    was_asked_here = request is not None and request.browser_hash == browser
    may_sign_in = person.status == SubscriberStatus.PENDING or was_asked_here
    ids = confirm(session, library, person.id, now, source="link")
    return ConfirmResult(ids, is_new=True, may_sign_in=may_sign_in)


def _enrolled(session: Session, keyring: Keyring, request: MailRequest, sealed_form: bytes) -> Subscriber | None:
    """Return whom a signup is about, made or brought up to date; None for an address that must not be mailed."""
    if Suppression.covers(session, request.address_hash):
        return None
    form = _read(keyring, request.id, sealed_form)
    person = Subscriber.enrol(session, _new_person(keyring, request, form))
    if person.status == SubscriberStatus.PENDING:
        person.created_at = request.created_at  # the week in which to confirm begins again
    if person.status in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        person.follow(form.schedule)
        person.locale = form.locale
        record_consent(session, person, "asked", source="page", now=request.created_at, network=request.network_hash)
    return person


def _owed(request: MailRequest, person: Subscriber) -> DeliveryKind:
    if person.status == SubscriberStatus.PENDING:
        return DeliveryKind.CONFIRMATION
    if person.status == SubscriberStatus.STOPPED and request.kind == MailRequestKind.SIGNUP:
        return DeliveryKind.CONFIRMATION
    return DeliveryKind.SIGN_IN


def _had_enough(session: Session, subscriber_id: int, kind: DeliveryKind, now: datetime) -> bool:
    limit = CONFIRMATIONS_A_DAY if kind == DeliveryKind.CONFIRMATION else SIGN_INS_A_DAY
    return Delivery.count_since(session, subscriber_id, kind, now - DAY) >= limit


def _asked_for(request: MailRequest, subscriber_id: int, kind: DeliveryKind, now: datetime) -> NewDelivery:
    return NewDelivery(
        subscriber_id=subscriber_id,
        kind=kind,
        slot=request_slot(request.id, request.created_at),
        reference=request.id,
        ready_at=now,
        planned_at=now,
        enqueued_at=now,
        # A sign-in email that arrives after its link has expired would only confuse.
        expires_at=request.created_at + SIGN_IN_LIVES if kind == DeliveryKind.SIGN_IN else None,
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


def _first_question(library: Library, person: Subscriber) -> Prompt:
    """Return the first of the fixed six that a person has not had; the very first for somebody new."""
    opening = library.first_six(person.locale)
    had = {key for key, _ in History.parse(person.history).entries}
    return next((prompt for prompt in opening if prompt.key not in had), opening[0])


def _place(request_id: int) -> str:
    return f"mail_requests.form:{request_id}"


def _written(form: SignupForm) -> bytes:
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


def _read(keyring: Keyring, request_id: int, sealed_form: bytes) -> SignupForm:
    form = json.loads(keyring.inbound.open(sealed_form, place=_place(request_id)))
    zone = find_zone(form["zone"])
    assert zone is not None
    schedule = Schedule(Days(form["days"]), time.fromisoformat(form["at"]), zone)
    return SignupForm(Address(form["address"]), schedule, form["locale"])
