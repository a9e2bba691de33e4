"""The page of a held mail."""

from __future__ import annotations

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from service.flows.incoming.held import held
from service.flows.people.addresses.aliases import AliasStanding
from service.web import browser
from service.web.context import get_runtime, now, page
from service.web.errors import error_page

blueprint = Blueprint("held", __name__)


@blueprint.get("/journal/held/<id:reply_id>")
def look(reply_id: int) -> Response | str:
    """Show a mail that is held for the signed-in person."""
    with browser.visit() as visit:
        person_id = visit.person.id
    mail = held.open_held_mail(get_runtime().inbound_store(), person_id, reply_id)
    return page("held", mail=mail, reply_id=reply_id) if mail else error_page(404)


@blueprint.post("/journal/held/<id:reply_id>")
def take_in(reply_id: int) -> Response | str:
    """Accept a held mail, which a job then processes like every reply; show the state of its sender's address."""
    runtime = get_runtime()
    with browser.visit() as visit:
        person_id = visit.person.id
    claimed = held.accept(runtime.inbound_store(), person_id, reply_id, now())
    if claimed is None:
        return redirect("/journal", code=303)
    runtime.job_queue.enqueue_replies([reply_id])
    runtime.job_queue.enqueue_deliveries(claimed.delivery_ids)
    if claimed.standing is AliasStanding.THEIRS:
        return redirect("/journal", code=303)
    return page("taken_in", standing=claimed.standing.name.lower())


@blueprint.post("/journal/held/<id:reply_id>/disown")
def disown(reply_id: int) -> Response:
    """Disown a held mail; it can still be accepted for a day."""
    with browser.visit(writing=True) as visit:
        held.disown(visit.session, visit.person.id, reply_id, now())
    return redirect(f"/journal/held/{reply_id}", code=303)
