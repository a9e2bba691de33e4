"""Signing up: a page records the request, and a job processes it; `confirm_signup` does the rest."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.settings.consent import Asked, ConsentEvent
from service.core.slots import request_slot
from service.db import random_id
from service.flows.people.access.mail_requests import Requester, TooManyRequests, record_request
from service.flows.people.access.sign_in import LINK_LIFETIME
from service.flows.people.settings.consent import record_consent
from service.flows.people.subscription.signup_form import (
    SignupForm,
    encode_form,
    form_place,
    open_form,
    streams_to_confirm,
)
from service.models import (
    AddressChange,
    Delivery,
    DeliveryKind,
    Keyring,
    MailRequest,
    MailRequestKind,
    NewDelivery,
    Subscriber,
    SubscriberStatus,
    Suppression,
    seal_content,
)

MAX_CONFIRMATIONS_PER_WEEK = 3
MAX_SIGN_INS_PER_DAY = 5
MAX_CONFIRMATIONS_PER_HOUR = 500  # for all requests together: nobody can use this service to flood strangers
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
COMPARED_WITH = 2 * DAY  # as long as requests are kept


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
        sealed_form=keyring.seal_own(encode_form(form), place=form_place(request_id)),
    )


def is_crowded(session: Session, now: datetime, above_usual: int) -> bool:
    """Return whether more signups than `above_usual` were requested in an hour above the mean hour of two days.

    Then programs may be at work, and only a mail from an address shows that somebody has it.
    """
    within_hour = MailRequest.count_of_kind(session, MailRequestKind.SIGNUP, now - HOUR)
    if within_hour <= above_usual:
        return False
    before = MailRequest.count_of_kind(session, MailRequestKind.SIGNUP, now - COMPARED_WITH) - within_hour
    return within_hour - before / (COMPARED_WITH / HOUR - 1) > above_usual


def process_mail_request(session: Session, keyring: Keyring, request_id: int, now: datetime) -> list[int]:
    """Process a request and return the ids of the emails planned for it; none if it was processed before.

    A signup with an unknown address creates a pending subscriber. A known address that gets all that is asked for has a
    sign-in email instead; otherwise it is asked to confirm the rest. A suppressed address only gets sign-in emails, and
    only those requested on the sign-in page.
    """
    request = MailRequest.lock_unprocessed(session, request_id)
    if request is None:
        return []
    form = open_form(keyring, request.id, request.sealed_form) if request.sealed_form is not None else None
    if form is None:
        known = Subscriber.with_address(session, request.address_hash)
        person = Subscriber.locked(session, known.id) if known else None
    else:
        person = find_or_create(session, keyring, request, form)
    request.done_at = now
    request.sealed_form = None
    if person is None:
        return []
    kind = DeliveryKind.CONFIRMATION if form and streams_to_confirm(person, form) else _kind_without_signup(person)
    if _is_over_limit(session, request, person, kind, now):
        return []
    return Delivery.plan(session, [_new_delivery(keyring, request, person, kind=kind, form=form, now=now)])


def find_or_create(session: Session, keyring: Keyring, request: MailRequest, form: SignupForm) -> Subscriber | None:
    """Return the subscriber of a signup, created if necessary, or None if the address is suppressed or reserved.

    The form changes nothing on an existing row: its sender has not proved yet that the address is theirs. A mail to
    join is such a proof, so that nothing is asked.
    """
    if Suppression.covers(session, request.address_hash):
        return None
    is_brought = request.kind == MailRequestKind.IMPORT
    if is_brought and Subscriber.with_address(session, request.address_hash) is not None:
        return None  # they have come by themselves since their list was brought, and may have stopped
    person = Subscriber.get_or_create(session, *_new_person(keyring, request, form))
    if AddressChange.reserved_for(session, request.address_hash) not in {None, person.id}:
        # Look only now: the insertion has waited for a change of address that was under way.
        AddressChange.clear_unconfirmed(session, request.address_hash)
        return None
    if person.status == SubscriberStatus.PENDING:
        person.created_at = request.created_at  # the time limit for confirming starts again
    for stream in streams_to_confirm(person, form) if request.kind != MailRequestKind.JOIN else ():
        record_consent(
            session,
            person,
            ConsentEvent.ASKED,
            stream,
            source="import" if is_brought else "page",
            now=request.created_at,
            network=None if is_brought else request.network_hash,
        )
    return person


def _kind_without_signup(person: Subscriber) -> DeliveryKind:
    if person.status == SubscriberStatus.PENDING:
        return DeliveryKind.CONFIRMATION
    return DeliveryKind.SIGN_IN


def _is_over_limit(
    session: Session, request: MailRequest, person: Subscriber, kind: DeliveryKind, now: datetime
) -> bool:
    """Return whether this email would exceed a limit.

    Sign-ins are counted by network and address together, so that nobody can use up somebody else's. Confirmations go to
    people who may not know the service, so the limits are three a week for an address, and one for all requests
    together. The emails that a list's import asks by have a limit of their own.
    """
    if request.kind == MailRequestKind.IMPORT:
        return False
    if kind == DeliveryKind.SIGN_IN:
        since = request.created_at - DAY
        requests = MailRequest.count_from_network(session, request.address_hash, request.network_hash, since)
        return requests > MAX_SIGN_INS_PER_DAY
    sent = Delivery.count_since(session, person.id, DeliveryKind.CONFIRMATION, now - WEEK)
    return (
        sent >= MAX_CONFIRMATIONS_PER_WEEK
        or MailRequest.count_of_kind(session, MailRequestKind.SIGNUP, now - HOUR) > MAX_CONFIRMATIONS_PER_HOUR
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
    content = encode_form(form).decode() if form and kind == DeliveryKind.CONFIRMATION else None
    return NewDelivery(
        id=delivery_id,
        subscriber_id=person.id,
        kind=kind,
        slot=request_slot(request.id, request.created_at),
        reference=request.id,
        detail=_asked(request, person, form) if content and form else None,
        ready_at=now,
        planned_at=now,
        enqueued_at=now,
        # A sign-in email that arrives after its link has expired would confuse its reader.
        expires_at=request.created_at + LINK_LIFETIME if kind == DeliveryKind.SIGN_IN else None,
        sealed_content=seal_content(keyring, person, delivery_id, content) if content else None,
    )


def _asked(request: MailRequest, person: Subscriber, form: SignupForm) -> Asked:
    return Asked.MOVED if request.kind == MailRequestKind.IMPORT else Asked.of(streams_to_confirm(person, form))


def _new_person(keyring: Keyring, request: MailRequest, form: SignupForm) -> tuple[dict[str, object], bytes]:
    """Return the columns of a new person, and their wrapped data key."""
    subscriber_id = random_id()
    key, wrapped = keyring.new_subscriber_key(subscriber_id)
    person = Subscriber()
    person.set_schedule(form.schedule)
    columns: dict[str, object] = {
        "id": subscriber_id,
        "address_hash": request.address_hash,
        "sealed_address": keyring.seal_address(key, subscriber_id, form.address),
        "locale": form.locale,
        "wants_questions": form.wants_questions,
        "days_mask": person.days_mask,
        "send_minute": person.send_minute,
        "time_zone": person.time_zone,
        "created_at": request.created_at,
    }
    return columns, wrapped
