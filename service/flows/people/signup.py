"""Signing up: a page records the request, a job processes it, and the subscriber confirms."""

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

MAX_CONFIRMATIONS_PER_WEEK = 3
MAX_SIGN_INS_PER_DAY = 5
MAX_CONFIRMATIONS_PER_HOUR = 500  # for all requests together: nobody can use this service to flood strangers
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
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
    is_code_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser that opens a confirm link, as keyed hashes: of its nonce, and of the typed code, if any."""

    browser: bytes = field(repr=False)
    code: bytes | None = field(default=None, repr=False)


def ask(
    session: Session, keyring: Keyring, *, form: SignupForm, asker: Requester, now: datetime
) -> int | TooManyRequests:
    """Record a request for a signup, with its form sealed; return its id, or that this network has made too many."""
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
    """Process a request and return the ids of the emails planned for it; none if it was processed before.

    A signup with an unknown address creates a pending subscriber. A known address gets a sign-in email instead. A
    suppressed address only gets sign-in emails, and only those requested on the sign-in page.
    """
    request = MailRequest.lock_unprocessed(session, request_id)
    if request is None:
        return []
    form = _open_form(keyring, request.id, request.sealed_form) if request.sealed_form is not None else None
    if form is None:
        known = Subscriber.with_address(session, request.address_hash)
        person = Subscriber.locked(session, known.id) if known else None
    else:
        person = _find_or_create(session, keyring, request, form)
    request.done_at = now
    request.sealed_form = None
    if person is None:
        return []
    kind = _kind_of_email(request, person)
    if _is_over_limit(session, request, person, kind, now):
        return []
    return Delivery.plan(session, [_new_delivery(keyring, request, person, kind=kind, form=form, now=now)])


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
    """Confirm a subscriber; return the ids of the planned emails: a welcome, at most one a local day, and a notice.

    A pending or stopped subscriber becomes active, with the schedule and locale of the signup that is confirmed: that
    of `request_id`, or of the newest confirmation. For any other status nothing changes. The notice goes to
    the subscriber who had this address as an alias, if there is one. `source` is "link" or "reply".
    """
    person = Subscriber.locked(session, subscriber_id)
    if person is None or person.status not in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        return []
    _apply_form(session, keyring, person, request_id)
    today = local_date(now, person.zone)
    person.status = SubscriberStatus.ACTIVE
    person.confirmed_at = now
    person.schedule_next(now, not_on=today)
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
    session: Session, keyring: Keyring, library: Library, token: ActToken, *, visitor: Visitor, now: datetime
) -> ConfirmResult:
    """Confirm a signup by the button behind its link, and return the result.

    The browser may be signed in only if it made the request, or if the code that was shown there is typed: a link that
    is forwarded, or opened by a scanner, must not open a journal. A wrong code confirms nothing.
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
    """Return the schedule that the subscriber gets by confirming a signup."""
    form = _confirmed_form(session, keyring, person, request_id)
    return form.schedule if form else person.schedule


def _find_or_create(session: Session, keyring: Keyring, request: MailRequest, form: SignupForm) -> Subscriber | None:
    """Return the subscriber of a signup, created if necessary, or None if the address is suppressed.

    The form changes nothing on an existing row: its sender has not proved yet that the address is theirs.
    """
    if Suppression.covers(session, request.address_hash):
        return None
    person = Subscriber.get_or_create(session, _new_person(keyring, request, form))
    if person.status == SubscriberStatus.PENDING:
        person.created_at = request.created_at  # the time limit for confirming starts again
    if person.status in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}:
        record_consent(session, person, "asked", source="page", now=request.created_at, network=request.network_hash)
    return person


def _apply_form(session: Session, keyring: Keyring, person: Subscriber, request_id: int | None) -> None:
    form = _confirmed_form(session, keyring, person, request_id)
    if form is not None:
        person.set_schedule(form.schedule)
        person.locale = form.locale


def _confirmed_form(
    session: Session, keyring: Keyring, person: Subscriber, request_id: int | None
) -> SignupForm | None:
    """Return the form that is sealed with the confirmation of a signup, or None if there is none."""
    delivery = Delivery.newest_about(session, person.id, DeliveryKind.CONFIRMATION, request_id)
    content = open_content(keyring, person, delivery) if delivery else None
    return None if content is None else _decode_form(content.encode())


def _kind_of_email(request: MailRequest, person: Subscriber) -> DeliveryKind:
    if person.status == SubscriberStatus.PENDING:
        return DeliveryKind.CONFIRMATION
    if person.status == SubscriberStatus.STOPPED and request.kind == MailRequestKind.SIGNUP:
        return DeliveryKind.CONFIRMATION
    return DeliveryKind.SIGN_IN


def _is_over_limit(
    session: Session, request: MailRequest, person: Subscriber, kind: DeliveryKind, now: datetime
) -> bool:
    """Return whether this email would exceed a limit.

    Sign-ins are counted by network and address together, so that nobody can use up somebody else's. Confirmations go to
    people who may not know the service, so the limits are three a week for an address, and one for all requests
    together.
    """
    if kind == DeliveryKind.SIGN_IN:
        since = request.created_at - DAY
        requests = MailRequest.count_from_network(session, request.address_hash, request.network_hash, since)
        return requests > MAX_SIGN_INS_PER_DAY
    sent = Delivery.count_since(session, person.id, DeliveryKind.CONFIRMATION, now - WEEK)
    return (
        sent >= MAX_CONFIRMATIONS_PER_WEEK
        or MailRequest.count_signups(session, now - HOUR) > MAX_CONFIRMATIONS_PER_HOUR
    )


def _new_delivery(
    keyring: Keyring,
    request: MailRequest,
    person: Subscriber,
    *,
    kind: DeliveryKind,
    form: SignupForm | None,
    now: datetime,
) -> NewDelivery:
    """Return the delivery of a request's email; the form is sealed with a confirmation until it is confirmed."""
    delivery_id = random_id()
    content = _encode_form(form).decode() if form and kind == DeliveryKind.CONFIRMATION else None
    return NewDelivery(
        id=delivery_id,
        subscriber_id=person.id,
        kind=kind,
        slot=request_slot(request.id, request.created_at),
        reference=request.id,
        ready_at=now,
        planned_at=now,
        enqueued_at=now,
        # A sign-in email that arrives after its link has expired would confuse its reader.
        expires_at=request.created_at + SIGN_IN_LIFETIME if kind == DeliveryKind.SIGN_IN else None,
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
    return _decode_form(keyring.inbound.open(sealed_form, place=_place(request_id)))


def _decode_form(encoded: bytes) -> SignupForm:
    values = json.loads(encoded)
    zone = find_zone(values["zone"])
    assert zone is not None
    schedule = Schedule(Days(values["days"]), time.fromisoformat(values["at"]), zone)
    return SignupForm(Address(values["address"]), schedule, values["locale"])
