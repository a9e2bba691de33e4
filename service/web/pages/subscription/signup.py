"""Signing up, confirming, and the welcome page."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.access.tokens import Action, ActToken
from service.core.reply_address import joining_address
from service.core.settings.consent import Asked, Stream, by_writer, current_wording
from service.core.settings.schedule import Rhythm, place_name, spoken_time
from service.flows.people.access.mail_requests import TooManyRequests
from service.flows.people.subscription import account, confirm_signup, signup
from service.flows.people.subscription.signup_form import SignupForm, WaitingSignup
from service.models import Delivery, DeliveryKind, MailRequest, MailRequestKind, Subscriber, SubscriberStatus
from service.web import browser
from service.web.context import contact_address, get_runtime, now, page, read_act_token
from service.web.errors import ErrorText, error_page
from service.web.forms import form_time, forms
from service.web.forms.idempotency import new_form_key
from service.web.forms.zones import chosen_zone, zone_options

ConfirmAnswer: TypeAlias = Response | str | tuple[str, int]

blueprint = Blueprint("signup", __name__)
RHYTHMS = (
    (Rhythm.THREE.value, "Mondays, Wednesdays and Fridays"),
    (Rhythm.SUNDAYS.value, "Once a week, on Sundays"),
    (Rhythm.DAILY.value, "Every day"),
)
SAMPLE = "tired-kinds"  # a light prompt that is clear on its own
SPENT = ErrorText(
    "You’ve stopped the emails",
    "This link is from before that, so it won’t start them again. You can start them again in your settings.",
)
WRONG_CODE = "That code isn’t right. Check it, or leave it empty"


@blueprint.get("/")
def show() -> Response | str:
    """Show the signup form with a sample question; a signed-in person is redirected to their journal."""
    browser.browser_hash()
    if browser.is_signed_in():
        return redirect("/journal", code=303)
    return _form({}, forms.FormErrors({}))


@blueprint.get("/subscribe")
def back_to_form() -> Response:
    """Redirect a reload of the form's URL to the form."""
    return redirect("/", code=303)


@blueprint.post("/subscribe")
def subscribe() -> Response | str | tuple[str, int]:
    """Record the request; the response is the same for known and unknown addresses."""
    if request.form.get("website"):  # only bots fill in a hidden field
        return redirect("/sent", code=303)
    return ask_for(forms.read_signup(request.form), _form)


def ask_for(
    form: SignupForm | forms.FormErrors | forms.LikelyTypo, show_form: Callable[..., str]
) -> Response | str | tuple[str, int]:
    """Write a signup down and lead to the page that says so, or show its form again with what to look at."""
    if isinstance(form, forms.FormErrors):
        return show_form(request.form, form), HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(form, forms.LikelyTypo):
        return show_form(request.form, forms.FormErrors({}), likely=form.likely)
    if not form_time.is_timely():
        return show_form(request.form, forms.FormErrors({}), again=True), HTTPStatus.UNPROCESSABLE_ENTITY
    runtime = get_runtime()
    if joins_by_mail():
        return show_form(request.form, forms.FormErrors({})), HTTPStatus.SERVICE_UNAVAILABLE
    with runtime.database.write() as session:
        asked = signup.ask(session, runtime.keyring, form=form, asker=browser.new_asker(), now=now())
    if isinstance(asked, TooManyRequests):
        return error_page(429)
    runtime.job_queue.enqueue_mail_requests([asked])
    return redirect("/sent", code=303)


def joins_by_mail() -> bool:
    """Return whether so many sign up that a mail takes the place of the form."""
    runtime = get_runtime()
    with runtime.database.read() as session:
        return signup.is_crowded(session, now(), runtime.settings.signups_above_usual)


def join_address(stream: Stream) -> str:
    """Return the address to which any mail joins, if it takes the place of the form, else ""."""
    return joining_address(stream, get_runtime().settings.reply_domain) if joins_by_mail() else ""


@blueprint.get("/sent")
def sent() -> str:
    """Show where to look now; the page is the same for everybody."""
    return page("sent", code=browser.shown_code())


@blueprint.get("/confirm/<token>")
def show_confirm(token: str) -> ConfirmAnswer:
    """Show the button that confirms."""
    return _with_confirm_token(token, _show_confirm)


@blueprint.post("/confirm/<token>")
def confirm(token: str) -> ConfirmAnswer:
    """Confirm, and sign this browser in."""
    return _with_confirm_token(token, _confirm)


@blueprint.get("/welcome")
def welcome() -> str:
    """Show the schedule and the first question."""
    runtime = get_runtime()
    with browser.visit() as visit:
        person = visit.person
        delivery = Delivery.newest_about(visit.session, person.id, DeliveryKind.WELCOME)
    prompt = runtime.library.get(delivery.prompt_id or "") if delivery else None
    return page(
        "welcome",
        schedule=str(person.schedule),
        streams=person.streams,
        at=f"{spoken_time(person.send_time)}, {place_name(person.zone)} time",
        prompt=prompt,
        once=new_form_key(),
        zones="" if person.wants_questions else zone_options(person.time_zone),
    )


@blueprint.post("/welcome")
def change_zone() -> Response:
    """Take over the time zone of whoever gets letters alone, and was never asked for it; nothing for an unknown one."""
    zone = chosen_zone(request.form.get("time_zone", ""))
    with browser.visit(writing=True) as visit:
        if zone is not None:
            account.change_zone(visit.session, visit.person, zone, now())
    return redirect("/welcome", code=303)


def _with_confirm_token(token: str, view: Callable[[ActToken], ConfirmAnswer]) -> ConfirmAnswer:
    link = read_act_token(token)
    if link is None or link.action is not Action.CONFIRM:
        return error_page(404)
    if link.has_expired(now()):
        return error_page(410, again="/")
    return view(link)


def _show_confirm(token: ActToken) -> ConfirmAnswer:
    browser.browser_hash()
    runtime = get_runtime()
    with runtime.database.read() as session:
        person = session.get(Subscriber, token.subscriber_id)
        waiting = confirm_signup.waiting_signup(session, runtime.keyring, person, token.object_id) if person else None
        request_ = session.get(MailRequest, token.object_id)
        is_spent = person is not None and confirm_signup.was_asked_before_stop(session, person, token.object_id)
    if person is None or waiting is None:
        return error_page(410, again="/")
    if is_spent:
        return error_page(410, SPENT, again="/settings")
    return _confirm_page(person, waiting, request_, {})


def _confirm_page(
    person: Subscriber, waiting: WaitingSignup, request_: MailRequest | None, errors: dict[str, str]
) -> str:
    is_new = person.status in {SubscriberStatus.PENDING, SubscriberStatus.STOPPED}
    is_other_browser = (
        request_ is not None
        and request_.kind == MailRequestKind.SIGNUP
        and request_.browser_hash != browser.browser_hash()
    )
    return page(
        "confirm",
        asked=Asked.of(waiting.streams) if waiting.streams else "",
        gets=person.streams,
        schedule=str(waiting.schedule if waiting.streams else person.schedule),
        by_writer=by_writer(get_runtime().writer_name),
        offers_code=is_new and is_other_browser,
        errors=errors,
    )


def _confirm(token: ActToken) -> ConfirmAnswer:
    runtime, secret = get_runtime(), ""
    typed = request.form.get("code", "").strip()
    visitor = confirm_signup.Visitor(browser.browser_hash(), browser.code_hash(typed) if typed else None)
    with runtime.database.write() as session:
        done = confirm_signup.confirm_by_link(
            session, runtime.keyring, runtime.library, token, visitor=visitor, now=now()
        )
        if done.may_sign_in:
            secret = browser.sign_in_here(session, token.subscriber_id)
    if done.is_code_wrong:
        return _wrong_code_page(token)
    runtime.job_queue.enqueue_deliveries(done.delivery_ids)
    if not secret:
        return redirect(request.path, code=303)
    browser.remember(secret)
    return redirect("/welcome", code=303)


def _wrong_code_page(token: ActToken) -> tuple[str, int]:
    runtime = get_runtime()
    with runtime.database.read() as session:
        person = session.get_one(Subscriber, token.subscriber_id)
        waiting = confirm_signup.waiting_signup(session, runtime.keyring, person, token.object_id)
        request_ = session.get(MailRequest, token.object_id)
    return _confirm_page(person, waiting, request_, {"code": WRONG_CODE}), HTTPStatus.UNPROCESSABLE_ENTITY


def _form(
    typed: forms.Typed | dict[str, str], problems: forms.FormErrors, likely: str = "", *, again: bool = False
) -> str:
    return page(
        "signup",
        again=again,
        opened=form_time.form_time(),
        typed=typed,
        errors=problems.by_field,
        likely=likely,
        rhythms=RHYTHMS,
        sample=get_runtime().library.get(SAMPLE),
        wording=current_wording(Stream.QUESTIONS),
        contact=contact_address(),
        join=join_address(Stream.QUESTIONS),
        joined_zone=place_name(ZoneInfo(get_runtime().settings.writer_time_zone)),
        by_writer=by_writer(get_runtime().writer_name),
        zones=zone_options(typed.get("time_zone", "")),
    )
