"""Signing up and confirming: a page requests, a job acts, the person confirms."""

from __future__ import annotations

import hmac
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
from service.flows.people.sign_in import is_code_right
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
    open_content,
    seal_content,
)

CONFIRMATIONS_A_WEEK = 3
SIGN_INS_A_DAY_PER_NETWORK = 5
CONFIRMATIONS_AN_HOUR = 500  # for everybody together: nobody can use this service to flood strangers
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
SIGN_IN_LIVES = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignupForm:
    """What the signup page asks for."""

    address: Address = field(repr=False)
    schedule: Schedule
    locale: str


@dataclass(frozen=True, slots=True)
class ConfirmResult:
    """What became of a confirm link: whether this press confirmed, and whether this browser may be signed in."""

    delivery_ids: list[int]
    is_new: bool
    may_sign_in: bool
    is_code_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser that presses a confirm link's button, by keyed hashes: its nonce, and the code typed, if any."""

    browser: bytes = field(repr=False)
    code: bytes | None = field(default=None, repr=False)


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
    request = MailRequest.lock_unprocessed(session, request_id)
    if request is None:
        return []
    form = _read(keyring, request.id, request.sealed_form) if request.sealed_form is not None else None
    if form is None:
        known = Subscriber.with_address(session, request.address_hash)
        person = Subscriber.locked(session, known.id) if known else None
    else:
        person = _enrolled(session, keyring, request, form)
    request.done_at = now
    request.sealed_form = None
    if person is None:
        return []
    kind = _owed(request, person)
    if _is_over_limit(session, request, person, kind, now):
        return []
    return Delivery.plan(session, [_requested(keyring, request, person, kind=kind, form=form, now=now)])


def confirm(
    session: Session,
    keyring: Keyring,
    library: Library,
    subscriber_id: int,
    now: datetime,
    *,
    source: str,
    request_id: int | None = None,
) -> list[int]:
    """Return the ids of the emails that confirming leads to: the welcome, once a local day, and a notice if need be.

    A pending or stopped subscriber becomes active, with the days and zone of the signup that is confirmed: that of
    `request_id`, or of the newest confirmation. For anybody else, or the second time, nothing changes. `source` is
    "link" or "reply".
    """
    person = Subscriber.locked(session, subscriber_id)
    if person is None or person.status not in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        return []
    _take_over_form(session, keyring, person, request_id)
    today = local_date(now, person.zone)
    person.status = SubscriberStatus.ACTIVE
    person.confirmed_at = now
    person.schedule_next(now, not_on=today)
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
    session: Session, keyring: Keyring, library: Library, token: ActToken, *, visitor: Visitor, now: datetime
) -> ConfirmResult:
    """Return what pressing the button behind a confirm link did.

    The browser is signed in only if it is the one that asked, or if the code that was shown there is typed: a link that
    is forwarded, or opened by a scanner, opens nobody's journal. A wrong code confirms nothing.
    """
    person = Subscriber.locked(session, token.subscriber_id)
    if person is None or person.status not in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        return ConfirmResult([], is_new=False, may_sign_in=False)
    request = session.get(MailRequest, token.object_id)
    may_sign_in = request is not None and hmac.compare_digest(request.browser_hash, visitor.browser)
    if request is not None and not may_sign_in and visitor.code is not None:
        if not is_code_right(session, request, visitor.code):
            return ConfirmResult([], is_new=False, may_sign_in=False, is_code_wrong=True)
        may_sign_in = True
    ids = confirm(session, keyring, library, person.id, now, source="link", request_id=token.object_id)
    return ConfirmResult(ids, is_new=True, may_sign_in=may_sign_in)


def requested_schedule(session: Session, keyring: Keyring, person: Subscriber, request_id: int) -> Schedule:
    """Return the days, time and zone that confirming a signup would take over."""
    form = _confirmed_form(session, keyring, person, request_id)
    return form.schedule if form else person.schedule


def _enrolled(session: Session, keyring: Keyring, request: MailRequest, form: SignupForm) -> Subscriber | None:
    """Return the subscriber of a signup, made if there was none; None for an address that must not be mailed.

    A row that is there stays as it is: whoever typed the address has not shown yet that it is theirs.
    """
    if Suppression.covers(session, request.address_hash):
        return None
    person = Subscriber.get_or_create(session, _new_person(keyring, request, form))
    if person.status == SubscriberStatus.PENDING:
        person.created_at = request.created_at  # the week in which to confirm begins again
    if person.status in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        record_consent(session, person, "asked", source="page", now=request.created_at, network=request.network_hash)
    return person


def _take_over_form(session: Session, keyring: Keyring, person: Subscriber, request_id: int | None) -> None:
    form = _confirmed_form(session, keyring, person, request_id)
    if form is not None:
        person.set_schedule(form.schedule)
        person.locale = form.locale


def _confirmed_form(
    session: Session, keyring: Keyring, person: Subscriber, request_id: int | None
) -> SignupForm | None:
    """Return the form of a signup from the confirmation it led to, or None if there is none."""
    delivery = Delivery.newest_about(session, person.id, DeliveryKind.CONFIRMATION, request_id)
    content = open_content(keyring, person, delivery) if delivery else None
    return None if content is None else _parsed(content.encode())


def _owed(request: MailRequest, person: Subscriber) -> DeliveryKind:
    if person.status == SubscriberStatus.PENDING:
        return DeliveryKind.CONFIRMATION
    if person.status == SubscriberStatus.STOPPED and request.kind == MailRequestKind.SIGNUP:
        return DeliveryKind.CONFIRMATION
    return DeliveryKind.SIGN_IN


def _is_over_limit(
    session: Session, request: MailRequest, person: Subscriber, kind: DeliveryKind, now: datetime
) -> bool:
    """Return whether this email would be one too many.

    Sign-ins are counted by network and address together, so that nobody can use up somebody else's. Confirmations go to
    people who may never have heard of us: three a week for an address, and a budget for everybody together.
    """
    if kind == DeliveryKind.SIGN_IN:
        since = request.created_at - DAY
        requests = MailRequest.count_from_network(session, request.address_hash, request.network_hash, since)
        return requests > SIGN_INS_A_DAY_PER_NETWORK
    sent = Delivery.count_since(session, person.id, DeliveryKind.CONFIRMATION, now - WEEK)
    return sent >= CONFIRMATIONS_A_WEEK or MailRequest.count_signups(session, now - HOUR) > CONFIRMATIONS_AN_HOUR


def _requested(
    keyring: Keyring,
    request: MailRequest,
    person: Subscriber,
    *,
    kind: DeliveryKind,
    form: SignupForm | None,
    now: datetime,
) -> NewDelivery:
    """Return the email that a request leads to; a confirmation keeps the signup's form until it is confirmed."""
    delivery_id = random_id()
    content = _written(form).decode() if form and kind == DeliveryKind.CONFIRMATION else None
    return NewDelivery(
        id=delivery_id,
        subscriber_id=person.id,
        kind=kind,
        slot=request_slot(request.id, request.created_at),
        reference=request.id,
        ready_at=now,
        planned_at=now,
        enqueued_at=now,
        # A sign-in email that arrives after its link has expired would only confuse.
        expires_at=request.created_at + SIGN_IN_LIVES if kind == DeliveryKind.SIGN_IN else None,
        sealed_content=seal_content(keyring, person, delivery_id, content) if content else None,
    )


def _new_person(keyring: Keyring, request: MailRequest, form: SignupForm) -> dict[str, object]:
    subscriber_id = random_id()
    key, wrapped = keyring.new_subscriber_key(subscriber_id)
    person = Subscriber()
    person.set_schedule(form.schedule)
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
    return _parsed(keyring.inbound.open(sealed_form, place=_place(request_id)))


def _parsed(written: bytes) -> SignupForm:
    form = json.loads(written)
    zone = find_zone(form["zone"])
    assert zone is not None
    schedule = Schedule(Days(form["days"]), time.fromisoformat(form["at"]), zone)
    return SignupForm(Address(form["address"]), schedule, form["locale"])
