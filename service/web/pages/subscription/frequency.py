"""Resting and stopping by the links in every email, without signing in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.access.tokens import FrequencyToken
from service.core.dates import full_date
from service.core.settings.consent import Stream
from service.core.settings.schedule import local_date
from service.flows.people.subscription import account, ways_out
from service.flows.people.subscription.account import InvalidPauseDate
from service.models import Subscriber
from service.web import browser
from service.web.context import get_runtime, network_hash, now, page, read_frequency_token
from service.web.errors import ErrorText, error_page
from service.web.forms import forms
from service.web.security.csrf import csrf

blueprint = Blueprint("frequency", __name__)
ONE_CLICK = ("List-Unsubscribe", "One-Click")
CUT_SHORT = ErrorText(
    "That link isn’t complete",
    "Part of it may have been lost on the way. To stop the emails, reply “stop” to any of them; to rest, reply "
    "“pause”. You can also sign in to your settings and do both there.",
)
STOPPED = "stopped"
_CHOICES: Mapping[str, Stream | None] = {"everything": None} | {stream.value: stream for stream in Stream}
LENGTHS = (
    ("skip", "Skip the next one"),
    ("week", "A week"),
    ("two_weeks", "Two weeks"),
    ("month", "A month"),
    (forms.UNTIL, "Until a date"),
    ("open", "Until I come back"),
)


@blueprint.get("/rest/<token>")
def show_rest(token: str) -> Response | str:
    """Show the current state, and the possible lengths of a rest."""
    known = read_frequency_token(token)
    if known is None:
        return _cut_short()
    browser.browser_hash()
    return _rest_page(known, {}, forms.FormErrors({}))


@blueprint.post("/rest/<token>")
def rest(token: str) -> Response | str | tuple[Response | str, int]:
    """Begin a rest, or show the errors."""
    known = read_frequency_token(token)
    if known is None:
        return error_page(404)
    length = forms.read_rest(request.form)
    if isinstance(length, forms.FormErrors):
        return _rest_page(known, request.form, length), HTTPStatus.UNPROCESSABLE_ENTITY
    with get_runtime().database.write() as session:
        person = Subscriber.locked(session, known.subscriber_id)
        done = account.rest(session, person, length, now()) if person else None
    if isinstance(done, InvalidPauseDate):
        between = f"Choose a date from {full_date(done.first)} to {full_date(done.last)}"
        return _rest_page(
            known, request.form, forms.FormErrors({forms.UNTIL: between})
        ), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(f"/rest/{token}", code=303)


@blueprint.get("/unsubscribe/<token>")
def show_stop(token: str) -> Response | str:
    """Show the button that stops, and offer a rest instead."""
    known = read_frequency_token(token)
    if known is None:
        return _cut_short()
    browser.browser_hash()
    return page(
        "unsubscribe", token=token, person=_person(known), stream=known.stream, stopped=request.args.get(STOPPED, "")
    )


@blueprint.post("/unsubscribe/<token>")
def stop(token: str) -> Response | str:
    """Stop, by one click in a mail program (RFC 8058: no cookie, no redirect) or by the page's own button."""
    known = read_frequency_token(token)
    if known is None:
        return error_page(404)
    name, value = ONE_CLICK
    one_click = request.form.get(name) == value
    if not one_click:
        csrf.protect()
    stream = known.stream if one_click else _CHOICES.get(request.form.get("what", ""), known.stream)
    with get_runtime().database.write() as session:
        person = Subscriber.locked(session, known.subscriber_id)
        if person is not None:
            source = "one_click" if one_click else "link"
            ways_out.stop(session, person, stream, now(), source=source, network=network_hash())
    if one_click:
        return Response("You’re unsubscribed.\n", mimetype="text/plain")
    return redirect(f"/unsubscribe/{token}" + (f"?{STOPPED}={stream}" if stream else ""), code=303)


csrf.exempt(stop)


def _cut_short() -> Response:
    """Return the page for an incomplete link, with the other ways to rest and stop."""
    browser.note_wanted("/settings")
    return error_page(404, CUT_SHORT, again="/sign-in")


def _rest_page(known: FrequencyToken, typed: forms.Typed | dict[str, str], problems: forms.FormErrors) -> str:
    person = _person(known)
    today = local_date(now(), person.zone) if person else now().date()
    return page(
        "rest",
        token=known.encode(get_runtime().keyring.index),
        person=person,
        typed=typed,
        errors=problems.by_field,
        lengths=LENGTHS,
        first=today + timedelta(days=1),
        last=today + account.MAX_REST,
    )


def _person(known: FrequencyToken) -> Subscriber | None:
    with get_runtime().database.read() as session:
        return session.get(Subscriber, known.subscriber_id)
