"""Signing up and confirming."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.consent import CURRENT, WORDINGS
from service.core.library.prompts import DEFAULT_LOCALE
from service.core.library.rotation import ranking
from service.core.schedule import Rhythm
from service.core.tokens import Action, ActToken
from service.flows.people import signup
from service.flows.people.mail_requests import TooManyRequests
from service.models import Delivery, DeliveryKind, Subscriber, SubscriberStatus
from service.web import browser, forms
from service.web.context import get_runtime, now, page, read_act_token
from service.web.errors import error_page
from service.web.idempotency import new_form_key
from service.web.zones import zone_options

blueprint = Blueprint("signup", __name__)
RHYTHMS = (
    (Rhythm.THREE.value, "Mondays, Wednesdays and Fridays"),
    (Rhythm.SUNDAYS.value, "Once a week, on Sundays"),
    (Rhythm.DAILY.value, "Every day"),
)
UNPROCESSABLE = 422


@blueprint.get("/")
def show() -> str:
    """Show the signup form, with a question of the library as a sample."""
    browser.browser_hash()
    return _form({}, forms.FormErrors({}))


@blueprint.get("/subscribe")
def back_to_form() -> Response:
    """Lead whoever reloads the address of the form back to it."""
    return redirect("/", code=303)


@blueprint.post("/subscribe")
def subscribe() -> Response | str | tuple[str, int]:
    """Write the request down; the answer is the same whoever the address belongs to."""
    if request.form.get("website"):  # only software fills in what nobody sees
        return redirect("/sent", code=303)
    form = forms.read_signup(request.form)
    if isinstance(form, forms.FormErrors):
        return _form(request.form, form), UNPROCESSABLE
    if isinstance(form, forms.LikelyTypo):
        return _form(request.form, forms.FormErrors({}), likely=form.likely)
    runtime = get_runtime()
    with runtime.database.write() as rows:
        asked = signup.ask(rows, runtime.keyring, form=form, asker=browser.new_asker(), now=now())
    if isinstance(asked, TooManyRequests):
        return error_page(429)
    runtime.job_queue.enqueue_mail_requests([asked])
    return redirect("/sent", code=303)


@blueprint.get("/sent")
def sent() -> str:
    """Say where to look now: the same words for everybody."""
    return page("sent", code=browser.shown_code())


@blueprint.get("/confirm/<token>")
def show_confirm(token: str) -> Response | str:
    """Show the button that confirms."""
    return _with_confirm_token(token, _show_confirm)


@blueprint.post("/confirm/<token>")
def confirm(token: str) -> Response | str:
    """Confirm, and sign this browser in."""
    return _with_confirm_token(token, _confirm)


@blueprint.get("/welcome")
def welcome() -> str:
    """Say the schedule back, with the first question right there."""
    runtime = get_runtime()
    with browser.visit() as visit:
        person = visit.person
        confirmed_on = (person.confirmed_at or now()).astimezone(person.zone).date()
        delivery = Delivery.of(visit.session, person.id, DeliveryKind.WELCOME, confirmed_on.isoformat())
    prompt = runtime.library.get(delivery.prompt_id or "") if delivery else None
    return page("welcome", schedule=str(person.schedule), prompt=prompt, once=new_form_key())


def _with_confirm_token(token: str, view: Callable[[ActToken], Response | str]) -> Response | str:
    act = read_act_token(token)
    if act is None or act.action is not Action.CONFIRM:
        return error_page(404)
    if act.has_expired(now()):
        return error_page(410, again="/")
    return view(act)


def _show_confirm(act: ActToken) -> Response | str:
    browser.browser_hash()
    with get_runtime().database.read() as rows:
        person = rows.get(Subscriber, act.subscriber_id)
    if person is None:
        return error_page(410, again="/")
    waits = person.status in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}
    return page("confirm", waits=waits, schedule=str(person.schedule))


def _confirm(act: ActToken) -> Response:
    runtime, secret = get_runtime(), ""
    with runtime.database.write() as rows:
        done = signup.confirm_by_link(rows, runtime.library, act, browser=browser.browser_hash(), now=now())
        if done.may_sign_in:
            secret = browser.sign_in_here(rows, act.subscriber_id)
    runtime.job_queue.enqueue_deliveries(done.delivery_ids)
    if not secret:
        return redirect(request.path, code=303)
    browser.remember(secret)
    return redirect("/welcome", code=303)


def _form(typed: forms.Typed | dict[str, str], problems: forms.FormErrors, likely: str = "") -> str:
    today = ranking(get_runtime().library, now().date(), DEFAULT_LOCALE)
    sample = next((prompt for prompt in today if prompt.depth == 1 and prompt.kind == "question"), None)
    return page(
        "signup",
        typed=typed,
        errors=problems.by_field,
        likely=likely,
        rhythms=RHYTHMS,
        sample=sample,
        wording=WORDINGS[CURRENT],
        zones=zone_options(typed.get("time_zone", "")),
    )
