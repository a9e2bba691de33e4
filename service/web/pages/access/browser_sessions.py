"""The page of signed-in browsers: which they are, since when, and signing them out."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.flows.people.access import browser_sessions
from service.web import browser
from service.web.context import now, page

blueprint = Blueprint("browser_sessions", __name__)
PATH = "/settings/browsers"


@blueprint.get(PATH)
def show() -> str:
    """Show the browsers that the subscriber is signed in with."""
    with browser.visit() as visit:
        found = browser_sessions.signed_in_browsers(
            visit.session, visit.keyring, visit.person.id, this_one=browser.secret_hash(), now=now()
        )
        zone = visit.person.zone
    return page("browser_sessions", browsers=found, zone=zone, done=request.args.get("done", ""))


@blueprint.post(f"{PATH}/one")
def sign_out_one() -> Response:
    """Sign one browser out; a browser that is not listed any more has ended already."""
    key = request.form.get("key", "")
    with browser.visit(writing=True) as visit:
        browser_sessions.sign_out_one(visit.session, visit.keyring, visit.person.id, key, now())
    return redirect(f"{PATH}?done=one", code=303)


@blueprint.post(f"{PATH}/others")
def sign_out_others() -> Response:
    """Sign every other browser out."""
    with browser.visit(writing=True) as visit:
        this_one = browser.secret_hash()
        assert this_one is not None, "a visit has a session"
        browser_sessions.sign_out_others(visit.session, visit.person.id, this_one=this_one)
    return redirect(f"{PATH}?done=others", code=303)
