"""One named action on one thing, from one email's link; the page shows a button, the button acts."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.tokens import Action, ActToken
from service.models import Entry
from service.web import browser
from service.web.context import get_runtime, now, page, read_act_token
from service.web.errors import error_page

blueprint = Blueprint("act", __name__)


@blueprint.route("/act/<token>", methods=["GET", "POST"])
def act(token: str) -> Response | str:
    """Show what a link allows, and do it when the button is pressed."""
    known = read_act_token(token)
    if known is None:
        return error_page(404)
    if known.has_expired(now()):
        return error_page(410, again="/journal")
    if known.action is Action.UNDO_ENTRY:
        # Taking words back cannot be undone, and scanners press buttons: so that happens in the journal, signed in.
        return redirect(f"/journal/entry/{known.object_id}/delete", code=303)
    if known.action is Action.CLAIM_REPLY:
        return redirect(f"/journal/held/{known.object_id}", code=303)
    if known.action is Action.KEEP_OUT:
        return _keep_out(known)
    return error_page(404)


def _keep_out(known: ActToken) -> Response | str:
    browser.browser_hash()
    if request.method == "GET":
        with get_runtime().database.read() as rows:
            entry = Entry.of(rows, known.subscriber_id, known.object_id)
        return page("keep_out", is_there=entry is not None, is_kept_out=bool(entry and entry.is_kept_out))
    with get_runtime().database.write() as rows:
        entry = Entry.of(rows, known.subscriber_id, known.object_id)
        if entry is not None:
            entry.is_kept_out = True
    return redirect(request.path, code=303)
