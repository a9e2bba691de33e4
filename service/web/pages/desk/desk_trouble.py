"""Held mail, bounces and the doctor at the desk: counts by reason, and what mends them."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, redirect, request

from service.flows.checks.before_letters import record_run
from service.flows.checks.finding import Status
from service.flows.desk.desk_log import DeskActionName
from service.flows.desk.desk_trouble import count_barred, count_quarantined
from service.flows.incoming.held import quarantine
from service.flows.incoming.held.quarantine import ReplayResult
from service.web.context import get_runtime, now, page
from service.web.pages.desk.desk_browser import desk_visit

blueprint = Blueprint("desk_trouble", __name__, url_prefix="/desk")


@blueprint.get("/held")
def held() -> str:
    """Show how many mails are held or could not be read, by reason."""
    with desk_visit() as visit:
        groups = count_quarantined(visit.session)
    return page("desk/held", groups=groups, done=request.args.get("done", ""), signed_in=False)


@blueprint.post("/held/replay")
def replay() -> Response:
    """Have the mails that could not be read processed again; what is held waits for its owner."""
    runtime = get_runtime()
    with desk_visit() as visit:
        ids = quarantine.unreadable(visit.session)
    results = quarantine.replay(runtime.inbound_store(), ids, now())
    enqueued = [mail.id for mail in results if mail.result is ReplayResult.ENQUEUED]
    with desk_visit(writing=True) as visit:
        visit.record(DeskActionName.REPLIES_REPLAYED, number=len(enqueued))
    runtime.job_queue.enqueue_replies(enqueued)
    return cast("Response", redirect("/desk/held?done=replayed", code=303))


@blueprint.get("/bounces")
def bounces() -> str:
    """Show how many addresses and recipient domains get nothing, by reason."""
    with desk_visit() as visit:
        return page("desk/bounces", groups=count_barred(visit.session), signed_in=False)


@blueprint.get("/provider")
def provider() -> str:
    """Show the button that runs the doctor; looking asks nobody."""
    with desk_visit():
        return page("desk/provider", findings=None, status=Status, signed_in=False)


@blueprint.post("/provider")
def examine() -> str:
    """Run every check of the doctor, at the provider and in the DNS, and show what it finds; this takes seconds."""
    with desk_visit(writing=True) as visit:
        visit.record(DeskActionName.CHECKS_RUN)
    runtime = get_runtime()
    findings = runtime.doctor().examine()
    record_run(runtime.database, findings, now())
    order = (Status.FAIL, Status.WARN, Status.CANNOT_SEE, Status.OK)
    findings.sort(key=lambda found: order.index(found.status))
    return page("desk/provider", findings=findings, status=Status, signed_in=False)
