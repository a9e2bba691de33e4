"""Signing in by a link in an email, and signing out."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.access.tokens import Action, ActToken
from service.flows.people.access import sign_in
from service.flows.people.access.mail_requests import TooManyRequests
from service.flows.people.access.sign_in import SignedIn, SignInLink
from service.web import browser
from service.web.context import get_runtime, now, page, read_act_token
from service.web.errors import error_page
from service.web.forms import forms
from service.web.pages.access.passkeys import site_of_passkeys

blueprint = Blueprint("sign_in", __name__)
SIGNED_OUT = "signed-out"
ERASURE_TAKEN_BACK = "/erase?kept"


@blueprint.get("/sign-in")
def show() -> str:
    """Show the form that requests a link, and confirm a sign-out that has just happened."""
    browser.browser_hash()
    signed_out = "" if browser.has_signed_in() else request.args.get(SIGNED_OUT, "")
    return _form_page({}, {}, signed_out)


@blueprint.post("/sign-in")
def ask() -> Response | tuple[str, int]:
    """Record the request; the response is the same for known and unknown addresses."""
    if request.form.get("website"):  # only bots fill in a hidden field
        return redirect("/sent", code=303)
    address = forms.read_address(request.form)
    if isinstance(address, forms.FormErrors):
        return _form_page(request.form, address.by_field, ""), HTTPStatus.UNPROCESSABLE_ENTITY
    runtime = get_runtime()
    with runtime.database.write() as session:
        asked = sign_in.ask(session, runtime.keyring, address=address, asker=browser.new_asker(), now=now())
    if isinstance(asked, TooManyRequests):
        return error_page(429)
    runtime.job_queue.enqueue_mail_requests([asked])
    return redirect("/sent", code=303)


@blueprint.get("/sign-in/<token>")
def look(token: str) -> Response | str:
    """Show the button behind a link; showing does not use the link."""
    link = read_act_token(token)
    if link is None or link.action is not Action.SIGN_IN:
        return error_page(404)
    with get_runtime().database.read() as session:
        state = sign_in.look(session, link, browser=browser.browser_hash(), now=now())
    return _link_page(state)


@blueprint.post("/sign-in/<token>")
def use(token: str) -> Response | str:
    """Use the link and sign this browser in, with a new cookie."""
    link = read_act_token(token)
    if link is None or link.action is not Action.SIGN_IN:
        return error_page(404)
    secret, done = _use(link)
    if isinstance(done, SignedIn):
        wanted = browser.take_wanted()
        browser.remember(secret)
        return redirect(ERASURE_TAKEN_BACK if done.took_back_erasure else wanted, code=303)
    return _link_page(done)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Sign this browser out, or every browser of the person."""
    secret, everywhere = browser.secret_hash(), "everywhere" in request.form
    if secret is not None:
        with get_runtime().database.write() as session:
            sign_in.sign_out(session, secret=secret, everywhere=everywhere, now=now())
    browser.forget()
    response = redirect(f"/sign-in?{SIGNED_OUT}={'everywhere' if everywhere else 'here'}", code=303)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


def _form_page(typed: forms.Typed | dict[str, str], errors: Mapping[str, str], signed_out: str) -> str:
    has_passkeys = site_of_passkeys() is not None
    return page("sign_in", typed=typed, errors=errors, signed_out=signed_out, has_passkeys=has_passkeys)


def _use(token: ActToken) -> tuple[str, SignedIn | SignInLink]:
    secret, new = browser.new_session()
    typed = request.form.get("code")
    with get_runtime().database.write() as session:
        done = sign_in.use(
            session,
            token,
            browser=browser.browser_hash(),
            code=browser.code_hash(typed) if typed is not None else None,
            new=new,
            now=now(),
        )
    return secret, done


def _link_page(link: SignInLink) -> Response | str:
    if link is SignInLink.INVALID:
        return error_page(410, again="/sign-in")
    errors = {"code": "That code isn’t right. Check it and try again"} if link is SignInLink.WRONG_CODE else {}
    return page("sign_in_link", needs_code=link is not SignInLink.READY, errors=errors)
