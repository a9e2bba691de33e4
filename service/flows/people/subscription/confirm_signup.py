"""Confirming a signup, by the button behind its link or by replying "yes"."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from service.core.access.tokens import ActToken
from service.core.library.prompts import Library, Prompt
from service.core.library.rotation import History
from service.core.settings.consent import Asked, ConsentEvent, Stream
from service.core.settings.schedule import local_date
from service.db import random_id
from service.flows.people.access.sign_in import is_code_right
from service.flows.people.addresses import aliases
from service.flows.people.settings import frequency
from service.flows.people.settings.consent import confirm_letters, record_consent
from service.flows.people.subscription.signup_form import SignupForm, WaitingSignup, decode_form, streams_to_confirm
from service.models import (
    Consent,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Keyring,
    MailRequest,
    NewDelivery,
    Subscriber,
    SubscriberStatus,
    open_content,
)

_NOT_WRITTEN_TO = frozenset({SubscriberStatus.PENDING, SubscriberStatus.STOPPED})


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
    asked: Asked | None = None,
) -> list[int]:
    """Confirm a signup; return the ids of the planned emails: a welcome with the first prompt, and a notice.

    A pending or stopped subscriber becomes active, with what the confirmed signup asks for, its schedule and its
    locale: the signup of `request_id`, or of the newest confirmation, of the kind `asked` if given. An active one gets
    what they did not get yet. The welcome goes to whoever gets questions from now on, the notice to the subscriber who
    had this address as an alias. `source` is "link", "reply", or "mail" for one to join.
    """
    person = Subscriber.locked(session, subscriber_id)
    if person is None:
        return []
    waiting = waiting_signup(session, keyring, person, request_id, asked)
    return begin(session, library, person, waiting, now, source=source) if waiting.streams else []


def begin(
    session: Session, library: Library, person: Subscriber, waiting: WaitingSignup, now: datetime, *, source: str
) -> list[int]:
    """Begin what a signup brings to a person, who is locked and has agreed; return as `confirm` does."""
    is_start = person.status in _NOT_WRITTEN_TO
    today = local_date(now, person.zone)
    _take_over(person, waiting, is_start=is_start)
    if Stream.LETTERS in waiting.streams:
        confirm_letters(session, person, now, source=source)
    if Stream.QUESTIONS in waiting.streams:
        record_consent(session, person, ConsentEvent.CONFIRMED, source=source, now=now)
    if is_start:
        person.status, person.confirmed_at = SubscriberStatus.ACTIVE, now
        person.schedule_next(now, not_on=today)
    else:
        frequency.schedule_next_emails(session, person, now)
    released = aliases.release(session, person, now) if is_start else []
    welcome = _plan_welcome(session, library, person, today, now) if Stream.QUESTIONS in waiting.streams else []
    return welcome + released


def confirm_by_link(
    session: Session, keyring: Keyring, library: Library, token: ActToken, *, visitor: Visitor, now: datetime
) -> ConfirmResult:
    """Confirm a signup by the button behind its link, and return the result; a link from before a stop does nothing.

    The browser may be signed in only if it made the request, or if the code that was shown there is typed: a link that
    is forwarded, or opened by a scanner, must not open a journal. A wrong code confirms nothing. Whoever is active
    already is not signed in by such a link: it lasts longer than one to sign in, and opens a journal that has words.
    """
    nothing = ConfirmResult([], is_new=False, may_sign_in=False)
    person = Subscriber.locked(session, token.subscriber_id)
    if person is None or not waiting_signup(session, keyring, person, token.object_id).streams:
        return nothing
    if was_asked_before_stop(session, person, token.object_id):
        return nothing
    request = session.get(MailRequest, token.object_id) if person.status in _NOT_WRITTEN_TO else None
    may_sign_in = request is not None and hmac.compare_digest(request.browser_hash, visitor.browser)
    if request is not None and not may_sign_in and visitor.code is not None:
        if not is_code_right(session, request, visitor.code):
            return ConfirmResult([], is_new=False, may_sign_in=False, is_code_wrong=True)
        may_sign_in = True
    ids = confirm(session, keyring, library, person.id, now, source="link", request_id=token.object_id)
    return ConfirmResult(ids, is_new=True, may_sign_in=may_sign_in)


def was_asked_before_stop(session: Session, person: Subscriber, request_id: int) -> bool:
    """Return whether a stopped subscriber asked for this signup before the stop, which its link must not undo."""
    if person.status != SubscriberStatus.STOPPED:
        return False
    asked = Delivery.newest_about(session, person.id, DeliveryKind.CONFIRMATION, request_id)
    stops = [
        line.at for line in Consent.for_address(session, person.address_hash) if line.event == ConsentEvent.STOPPED
    ]
    return asked is None or (bool(stops) and asked.planned_at < stops[-1])


def waiting_signup(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    request_id: int | None = None,
    asked: Asked | None = None,
) -> WaitingSignup:
    """Return what confirming a signup would bring: that of a request, or of the newest confirmation (of a kind)."""
    delivery = Delivery.newest_about(session, person.id, DeliveryKind.CONFIRMATION, request_id, asked)
    form = _confirmed_form(keyring, person, delivery)
    if form is None:  # the oldest confirmations have none: they were for what their person's row says
        streams = person.streams if person.status in _NOT_WRITTEN_TO else ()
        return WaitingSignup(streams, person.schedule, person.locale)
    streams = streams_to_confirm(person, form)
    if person.status not in _NOT_WRITTEN_TO and delivery is not None:
        streams = tuple(s for s in streams if not _has_stopped_since(session, person, s, delivery.planned_at))
    return WaitingSignup(streams, form.schedule, form.locale)


def _has_stopped_since(session: Session, person: Subscriber, stream: Stream, asked_at: datetime) -> bool:
    """Return whether a stream was stopped after it was asked for, which the old email must not undo."""
    line = Consent.newest(session, person.address_hash, stream)
    return line is not None and line.event == ConsentEvent.STOPPED and line.at >= asked_at


def _take_over(person: Subscriber, waiting: WaitingSignup, *, is_start: bool) -> None:
    """Take over what a confirmed signup says; whoever starts gets what it asks for, and no letters unless it does."""
    if is_start:
        person.wants_questions = Stream.QUESTIONS in waiting.streams
        person.wants_letters, person.letters_confirmed_at = False, None
    if is_start or (Stream.QUESTIONS in waiting.streams and not person.wants_questions):
        person.set_schedule(waiting.schedule)
        person.locale = waiting.locale
        person.wants_questions = Stream.QUESTIONS in waiting.streams


def _confirmed_form(keyring: Keyring, person: Subscriber, delivery: Delivery | None) -> SignupForm | None:
    """Return the form that is sealed with a confirmation, or None if there is none."""
    content = open_content(keyring, person, delivery) if delivery else None
    return None if content is None else decode_form(content.encode())


def _plan_welcome(session: Session, library: Library, person: Subscriber, today: date, now: datetime) -> list[int]:
    """Plan the welcome of a new start and return its id; one that is still to be sent serves this start as well.

    A subscriber who stops and starts again on one local date gets another welcome, with the next opening prompt.
    """
    earlier = Delivery.newest_about(session, person.id, DeliveryKind.WELCOME)
    is_again = earlier is not None and earlier.on == today
    if earlier is not None and is_again and earlier.state == DeliveryState.PLANNED:
        return [earlier.id]
    prompt, delivery_id = _first_prompt(library, person), random_id()
    welcome = NewDelivery(
        id=delivery_id,
        subscriber_id=person.id,
        kind=DeliveryKind.WELCOME,
        slot=f"{today}/{delivery_id}" if is_again else today.isoformat(),
        prompt_id=prompt.id,
        ready_at=now,
        planned_at=now,
        enqueued_at=now,
    )
    person.history = History.parse(person.history).adding(prompt.id, today).text
    person.prompts_sent += 1
    return Delivery.plan(session, [welcome])


def _first_prompt(library: Library, person: Subscriber) -> Prompt:
    """Return the first of the six opening prompts that a subscriber has not had, or else the very first."""
    opening = library.first_six(person.locale)
    used = {key for key, _ in History.parse(person.history).entries}
    return next((prompt for prompt in opening if prompt.key not in used), opening[0])
