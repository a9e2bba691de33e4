"""The first page of the desk, the emails that failed or are in doubt, and the log."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, abort, redirect, request

from service.core.letters.letter_words import begins_words
from service.flows.desk.desk_log import DeskActionName
from service.flows.desk.desk_overview import LOOKED_BACK, overview
from service.flows.desk.desk_sign_in import writer_hashes
from service.models import DeliveryState, DeskAction, Letter
from service.models.outgoing.deliveries import delivery_search
from service.models.outgoing.deliveries.delivery_search import DeliverySelection
from service.web.context import get_runtime, now, page
from service.web.converters import read_id
from service.web.pages.desk.desk_browser import desk_visit, writer_zone

MOST_ACTIONS = 200
MOST_RETRIED = 10_000

blueprint = Blueprint("desk_home", __name__, url_prefix="/desk")


@blueprint.get("")
def home() -> str:
    """Show what needs a writer, or that nothing does."""
    with desk_visit() as visit:
        found = overview(visit.session, now())
    begins = {letter.id: begins_words(letter.starts_at, writer_zone(), now()) for letter in found.next_letters}
    return page("desk/home", found=found, begins=begins, signed_in=False)


@blueprint.get("/deliveries")
def deliveries() -> str:
    """Show what failed or is in doubt, by kind and reason, and each letter by itself."""
    with desk_visit() as visit:
        groups = delivery_search.count_trouble(visit.session, now() - LOOKED_BACK)
        titles = Letter.titles(visit.session, {group.letter_id for group in groups if group.letter_id is not None})
    return page("desk/deliveries", groups=groups, titles=titles, done=request.args.get("done", ""), signed_in=False)


@blueprint.post("/deliveries/retry")
def retry() -> Response:
    """Send again the emails of one group that failed. Those in doubt are settled, never sent blindly."""
    kind, reason = request.form.get("kind", ""), request.form.get("reason", "")
    try:
        letter_id = read_id(request.form["letter_id"]) if "letter_id" in request.form else None
    except ValueError:
        abort(400)  # without the id it would be every letter
    with desk_visit(writing=True) as visit:
        selection = DeliverySelection((DeliveryState.FAILED,), kind=kind, reason=reason, letter_id=letter_id)
        found = delivery_search.find(visit.session, selection, MOST_RETRIED)
        recent = [one.id for one in found if one.ready_at >= now() - LOOKED_BACK and (one.reason or "") == reason]
        planned = delivery_search.plan_by_command(visit.session, recent, now())
        visit.record(DeskActionName.DELIVERIES_RETRIED, number=len(planned))
    get_runtime().job_queue.enqueue_deliveries(planned)
    return cast("Response", redirect("/desk/deliveries?done=retried", code=303))


@blueprint.post("/deliveries/settle")
def settle() -> Response:
    """Ask the provider's record about the emails in doubt, at once."""
    runtime = get_runtime()
    with desk_visit(writing=True) as visit:
        unknown = delivery_search.find(visit.session, DeliverySelection((DeliveryState.UNKNOWN,)), MOST_RETRIED)
        visit.record(DeskActionName.DELIVERIES_SETTLED, number=len(unknown))
    report = runtime.settler().settle([one.id for one in unknown])
    runtime.job_queue.enqueue_deliveries(report.planned_again)
    return cast("Response", redirect("/desk/deliveries?done=settled", code=303))


@blueprint.get("/log")
def log() -> str:
    """Show what was done at the desk and by its commands."""
    runtime = get_runtime()
    with desk_visit() as visit:
        actions = DeskAction.newest(visit.session, MOST_ACTIONS)
        writers = writer_hashes(runtime.keyring, runtime.settings.writer_emails)
    return page("desk/log", actions=actions, writers=writers, signed_in=False)
