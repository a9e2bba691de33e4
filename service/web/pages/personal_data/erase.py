"""Asking to be erased: what goes and what cannot, a fresh sign-in, and the question once more."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.flows.people.personal_data import erase
from service.web import browser
from service.web.context import get_runtime, now, page
from service.web.pages.access.fresh_sign_in import is_fresh, send_link

blueprint = Blueprint("erase", __name__)
PATH = "/erase"


@blueprint.get(PATH)
def show() -> str:
    """Show what is erased, when, and what cannot be."""
    with browser.visit() as visit:
        waits_until = erase.waits_until(visit.session, visit.person, now())
        return page("erase", is_fresh=is_fresh(visit), kept="kept" in request.args, waits_until=waits_until)


@blueprint.post(f"{PATH}/sign-in")
def sign_in_again() -> Response | tuple[str, int]:
    """Send the subscriber a link, which brings them back to the page."""
    return send_link(PATH)


@blueprint.get(f"{PATH}/sure")
def ask_again() -> Response | str:
    """Ask once more."""
    with browser.visit() as visit:
        if not is_fresh(visit):
            return redirect(PATH, code=303)
        return page("erase_sure", waits_until=erase.waits_until(visit.session, visit.person, now()))


@blueprint.post(f"{PATH}/sure")
def ask() -> Response:
    """Have everything erased, and sign out everywhere."""
    with browser.visit(writing=True) as visit:
        if not is_fresh(visit):
            return redirect(PATH, code=303)
        planned = erase.ask(visit.session, visit.person, now())
        waits = erase.waits_until(visit.session, visit.person, now()) is not None
    get_runtime().job_queue.enqueue_deliveries(planned)
    browser.forget()
    response = redirect(f"{PATH}/asked?waits" if waits else f"{PATH}/asked", code=303)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


@blueprint.get(f"{PATH}/asked")
def asked() -> str:
    """Say that it will happen, and how to take it back; nobody is signed in."""
    return page("erase_asked", waits="waits" in request.args)
