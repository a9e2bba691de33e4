"""Sending a reply to a letter on to its writer: the words and the address are shown first."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from service.flows.outgoing.letters.send_on import find_offer, send_on
from service.web import browser
from service.web.context import get_runtime, now, page

blueprint = Blueprint("send_on", __name__)


@blueprint.get("/journal/entry/<id:entry_id>/send-on")
def show(entry_id: int) -> str:
    """Show what would be sent on, with the button that does it."""
    with browser.visit() as visit:
        offer = find_offer(visit.session, visit.keyring, visit.person, entry_id, now())
    if offer is None:
        abort(HTTPStatus.NOT_FOUND)
    return page("send_on", offer=offer, entry_id=entry_id, writer=get_runtime().composer.letters_from)


@blueprint.post("/journal/entry/<id:entry_id>/send-on")
def press(entry_id: int) -> Response:
    """Send a reply on; if it was changed since it was shown, show it again instead."""
    with browser.visit(writing=True) as visit:
        if find_offer(visit.session, visit.keyring, visit.person, entry_id, now()) is None:
            abort(HTTPStatus.NOT_FOUND)
        seen = request.form.get("seen", "")
        send_on(visit.session, visit.keyring, visit.person, entry_id, seen=seen, now=now())
    return redirect(request.path, code=HTTPStatus.SEE_OTHER)
