"""The pages of passkeys: which they are; and after a fresh sign-in, adding, naming and removing one."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.access.browser_kind import browser_kind
from service.core.access.passkeys import Ceremony, Challenger, PasskeySite, passkey_site
from service.core.text.sentences import one_line
from service.flows.people.access import passkey_adding, passkeys
from service.flows.people.access.passkeys import MOST_NAME_CHARACTERS, PasskeyRefused
from service.web import browser
from service.web.browser import Visit
from service.web.context import get_runtime, now, page
from service.web.forms import forms
from service.web.pages.access.fresh_sign_in import is_fresh, send_link

blueprint = Blueprint("passkeys", __name__)
PATH = "/settings/passkeys"
_TOO_LONG = forms.FormErrors({"name": "Make the name shorter: a few words are enough"})
_PROBLEMS = {
    PasskeyRefused.TOO_LATE: "That took too long. Press the button once more",
    PasskeyRefused.UNUSABLE: "That didn’t make a passkey for this site. Try again, or try another device",
    PasskeyRefused.KNOWN: "You’ve added that passkey already",
    PasskeyRefused.TOO_MANY: "There’s no room for another one. Remove one that you don’t need",
}


@blueprint.get(PATH)
def show() -> str:
    """Show the passkeys."""
    with browser.visit() as visit:
        return _page(visit, forms.FormErrors({}))


@blueprint.post(f"{PATH}/sign-in")
def sign_in_again() -> Response | tuple[str, int]:
    """Send the subscriber a link, which brings them back to the page."""
    return send_link(PATH)


@blueprint.get(f"{PATH}/new")
def show_new() -> Response | str:
    """Show the form with which a browser makes a passkey."""
    site = site_of_passkeys()
    with browser.visit() as visit:
        if site is None or not is_fresh(visit):
            return redirect(PATH, code=303)
        return _new_page(visit, site, forms.FormErrors({}))


@blueprint.post(f"{PATH}/new")
def add() -> Response | tuple[str, int]:
    """Add the passkey that the browser has made, or say why it cannot be added."""
    site = site_of_passkeys()
    name = _typed_name() or suggested_name()
    with browser.visit(writing=True) as visit:
        if site is None or not is_fresh(visit):
            return redirect(PATH, code=303)
        if len(name) > MOST_NAME_CHARACTERS:
            return _new_page(visit, site, _TOO_LONG), HTTPStatus.UNPROCESSABLE_ENTITY
        answer = request.form.get("answer", "")
        done = passkey_adding.add(
            visit.session, visit.keyring, visit.person, site, _challenger(), answer=answer, name=name
        )
        if isinstance(done, PasskeyRefused):
            problem = forms.FormErrors({"make": _PROBLEMS[done]})
            return _new_page(visit, site, problem), HTTPStatus.UNPROCESSABLE_ENTITY
    get_runtime().job_queue.enqueue_deliveries(done)
    return redirect(f"{PATH}?done=added", code=303)


@blueprint.post(f"{PATH}/name")
def rename() -> Response | tuple[str, int]:
    """Give a passkey another name; one that is not listed any more is removed already."""
    name = _typed_name()
    with browser.visit(writing=True) as visit:
        if not is_fresh(visit):
            return redirect(PATH, code=303)
        if len(name) > MOST_NAME_CHARACTERS:
            return _page(visit, _TOO_LONG), HTTPStatus.UNPROCESSABLE_ENTITY
        if name:
            passkeys.rename(visit.session, visit.keyring, visit.person, request.form.get("id", ""), name)
    return redirect(f"{PATH}?done=named", code=303)


@blueprint.get(f"{PATH}/<id:passkey_id>/remove")
def show_remove(passkey_id: int) -> Response | str:
    """Ask whether to remove a passkey."""
    with browser.visit() as visit:
        found = passkeys.named_passkeys(visit.session, visit.keyring, visit.person)
        passkey = next((each for each in found if each.id == passkey_id), None)
        if passkey is None or not is_fresh(visit):
            return redirect(PATH, code=303)
        return page("passkey_remove", passkey=passkey)


@blueprint.post(f"{PATH}/remove")
def remove() -> Response:
    """Remove a passkey; one that is not listed any more is removed already."""
    with browser.visit(writing=True) as visit:
        if not is_fresh(visit):
            return redirect(PATH, code=303)
        told = passkeys.remove(visit.session, visit.person, request.form.get("id", ""), now())
    get_runtime().job_queue.enqueue_deliveries(told)
    return redirect(f"{PATH}?done=removed", code=303)


def site_of_passkeys() -> PasskeySite | None:
    """Return the site that passkeys are made for, or None if it can have none."""
    runtime = get_runtime()
    return passkey_site(runtime.settings.base_url, runtime.place.name)


def suggested_name() -> str:
    """Return the name that a new passkey gets unless its owner changes it: the kind of this browser."""
    return browser_kind(request.headers.get("User-Agent", "")) or "A passkey"


def _page(visit: Visit, problems: forms.FormErrors) -> str:
    return page(
        "passkeys",
        passkeys=passkeys.named_passkeys(visit.session, visit.keyring, visit.person),
        zone=visit.person.zone,
        is_fresh=is_fresh(visit),
        has_site=site_of_passkeys() is not None,
        typed=request.form,
        errors=problems.by_field,
        done=request.args.get("done", ""),
    )


def _new_page(visit: Visit, site: PasskeySite, problems: forms.FormErrors) -> str:
    options = passkey_adding.options(visit.session, visit.keyring, visit.person, site, _challenger())
    typed = {"name": request.form.get("name", suggested_name())}
    return page("passkey", is_new=True, options=options, typed=typed, errors=problems.by_field)


def _challenger() -> Challenger:
    """Return what makes and knows the challenges for this signed-in browser."""
    secret = browser.secret_hash()
    assert secret is not None, "a visit has a session"
    return Challenger(get_runtime().keyring.index, Ceremony.ADD, secret, now())


def _typed_name() -> str:
    return one_line(request.form.get("name", ""))
