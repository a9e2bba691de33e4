"""Signing in with a passkey."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.access.passkeys import Ceremony, Challenger
from service.flows.people.access import passkey_sign_in
from service.flows.people.access.passkeys import PasskeyRefused
from service.web import browser
from service.web.context import get_runtime, now, page
from service.web.pages.access.passkeys import site_of_passkeys
from service.web.pages.access.sign_in import ERASURE_TAKEN_BACK

blueprint = Blueprint("passkey_sign_in", __name__)
PATH = "/sign-in/passkey"
_TOO_LATE = "That took too long. Press the button once more"
_UNUSABLE = "That passkey doesn’t open a journal here. Try again, or let us send a link to your email"


@blueprint.get(PATH)
def show() -> Response | str:
    """Show the button that asks the browser for a passkey."""
    return _page({})


@blueprint.post(PATH)
def use() -> Response | tuple[Response | str, int]:
    """Sign this browser in by its answer, with a new cookie."""
    site = site_of_passkeys()
    if site is None:
        return redirect("/sign-in", code=303)
    runtime, (secret, new) = get_runtime(), browser.new_session()
    with runtime.database.write() as session:
        answer = request.form.get("answer", "")
        done = passkey_sign_in.use(session, runtime.keyring, site, _challenger(), answer=answer, new=new)
    if isinstance(done, PasskeyRefused):
        problem = _TOO_LATE if done is PasskeyRefused.TOO_LATE else _UNUSABLE
        return _page({"use": problem}), HTTPStatus.UNPROCESSABLE_ENTITY
    wanted = browser.take_wanted()
    browser.remember(secret)
    return redirect(ERASURE_TAKEN_BACK if done.took_back_erasure else wanted, code=303)


def _page(errors: dict[str, str]) -> Response | str:
    site = site_of_passkeys()
    if site is None:
        return redirect("/sign-in", code=303)
    options = passkey_sign_in.options(site, _challenger())
    return page("passkey", is_new=False, options=options, typed={}, errors=errors)


def _challenger() -> Challenger:
    """Return what makes and knows the challenges for this browser."""
    return Challenger(get_runtime().keyring.index, Ceremony.SIGN_IN, browser.browser_hash(), now())
