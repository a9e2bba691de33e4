"""Confirming a signup, by the button behind its link or by replying "yes"."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.library.prompts import Library, Prompt
from service.core.library.rotation import History
from service.core.schedule import Schedule, local_date
from service.core.tokens import ActToken
from service.flows.people import aliases
from service.flows.people.consent import record_consent
from service.flows.people.sign_in import is_code_right
from service.flows.people.signup_form import SignupForm, decode_form
from service.models import (
    Delivery,
    DeliveryKind,
    Keyring,
    MailRequest,
    NewDelivery,
    Subscriber,
    SubscriberStatus,
    open_content,
)


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
    return None if content is None else decode_form(content.encode())


def _first_prompt(library: Library, person: Subscriber) -> Prompt:
    """Return the first of the six opening prompts that a subscriber has not had, or else the very first."""
    opening = library.first_six(person.locale)
    used = {key for key, _ in History.parse(person.history).entries}
    return next((prompt for prompt in opening if prompt.key not in used), opening[0])
