"""People at the desk: counts, and one person by their exact address, with what a writer can do for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import cast

from flask import Blueprint, Response, abort, redirect, request

from service.core.dates import full_date
from service.flows.desk.desk_log import DeskActionName
from service.flows.desk.desk_people import (
    DeskConsentLine,
    DeskPerson,
    bounced_person,
    consent_lines,
    count_people,
    find_person,
    lift_bounce,
    send_sign_in,
)
from service.flows.people.access.mail_requests import TooManyRequests
from service.flows.people.personal_data import erase
from service.flows.people.subscription import account
from service.flows.people.subscription.account import Rest
from service.job_queue import BackgroundJob
from service.mail.outbound.mailer import ProviderMisconfigured, ProviderUnreachable
from service.models import Subscriber
from service.web import browser
from service.web.context import get_runtime, now, page
from service.web.errors import error_page
from service.web.forms import forms
from service.web.pages.desk.desk_browser import DeskVisit, desk_visit

NOT_LIFTED = "Mailgun couldn’t be asked to lift it, so nothing has changed. Try again in a little while."
NEW_ADDRESS = "Their address has changed, and nobody was erased: the former one can take the change back until"
NOT_SURE = "Tick that they asked for it in writing. Nobody was erased; find them again."

blueprint = Blueprint("desk_people", __name__, url_prefix="/desk/people")


@blueprint.get("")
def people() -> str:
    """Show how many people there are, and the form that finds one."""
    with desk_visit() as visit:
        return _page(visit)


@blueprint.post("/find")
def find() -> str | tuple[str, int]:
    """Show one person. Their address is typed into a form, so that it stands in no address of a page."""
    address = forms.read_address(request.form)
    with desk_visit() as visit:
        if isinstance(address, forms.FormErrors):
            return _page(visit, errors=address.by_field), HTTPStatus.UNPROCESSABLE_ENTITY
        person = find_person(visit.session, visit.keyring, address)
        return _page(visit, person=person, nobody=person is None)


@blueprint.post("/rest")
def rest() -> Response:
    """Begin a rest without an end for a person who asked a writer for it."""
    with desk_visit(writing=True) as visit:
        account.rest(visit.session, _person(visit), Rest.OPEN_ENDED, now())
        visit.record(DeskActionName.PERSON_RESTED, object_id=_person(visit).id)
    return _done("rested")


@blueprint.post("/stop")
def stop() -> Response:
    """Stop every email for a person who asked a writer for it."""
    with desk_visit(writing=True) as visit:
        account.stop(visit.session, _person(visit), now(), source="desk")
        visit.record(DeskActionName.PERSON_STOPPED, object_id=_person(visit).id)
    return _done("stopped")


@blueprint.post("/lift")
def lift() -> Response | tuple[str, int]:
    """Let an address that bounced get emails again, here and at the provider; a code is needed."""
    runtime = get_runtime()
    with desk_visit() as visit:
        visit.require_confirmed()
        person = bounced_person(visit.session, _person_id())
        if person is None:
            abort(HTTPStatus.NOT_FOUND)
        address = visit.keyring.address_of(person)
    try:
        runtime.mailer.lift_suppression(address.text)
    except (ProviderMisconfigured, ProviderUnreachable):
        with desk_visit() as visit:
            return _page(visit, errors={"email": NOT_LIFTED}), HTTPStatus.SERVICE_UNAVAILABLE
    with desk_visit(writing=True) as visit:
        visit.require_confirmed()
        lifted = lift_bounce(visit.session, _person(visit))
        visit.record(DeskActionName.BOUNCE_LIFTED, object_id=_person(visit).id, number=int(lifted))
    return _done("lifted")


@blueprint.post("/sign-in")
def send_link() -> Response | tuple[str, int]:
    """Send a person an email to sign in by, and show the code that its link asks for."""
    asker = browser.new_asker()
    with desk_visit(writing=True) as visit:
        person = _person(visit)
        asked = send_sign_in(visit.session, person, asker, now())
        if isinstance(asked, TooManyRequests):
            return error_page(HTTPStatus.TOO_MANY_REQUESTS)
        visit.record(DeskActionName.SIGN_IN_SENT, object_id=person.id)
    get_runtime().job_queue.enqueue_mail_requests([asked])
    return _done("sent")


@blueprint.post("/consent")
def consent() -> str:
    """Show what a person agreed to and withdrew; a code is needed."""
    with desk_visit(writing=True) as visit:
        visit.require_confirmed()
        person = _person(visit)
        visit.record(DeskActionName.CONSENT_READ, object_id=person.id)
        return _page(visit, lines=consent_lines(visit.session, person))


@blueprint.post("/erase")
def erase_person() -> Response | tuple[str, int]:
    """Erase a person who asked for it in writing; a code and a tick are needed, and there is no way back."""
    with desk_visit(writing=True) as visit:
        visit.require_confirmed()
        person = _person(visit)
        if request.form.get("sure") != "yes":
            return _page(visit, errors={"sure": NOT_SURE}), HTTPStatus.UNPROCESSABLE_ENTITY
        waits_until = erase.waits_until(visit.session, person, now())
        if waits_until is not None:
            problem = f"{NEW_ADDRESS} {full_date(waits_until)}."
            return _page(visit, errors={"sure": problem}), HTTPStatus.UNPROCESSABLE_ENTITY
        visit.record(DeskActionName.PERSON_ERASED, person_hash=person.address_hash)
        erasure_id = erase.erase_at_once(visit.session, person.id, now())
    get_runtime().job_queue.enqueue_background(BackgroundJob.ERASURES, [erasure_id])
    return _done("erased")


def _page(
    visit: DeskVisit,
    *,
    person: DeskPerson | None = None,
    nobody: bool = False,
    lines: Sequence[DeskConsentLine] | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    return page(
        "desk/people",
        counts=count_people(visit.session),
        person=person,
        nobody=nobody,
        lines=lines,
        code=browser.shown_code() if request.args.get("done") == "sent" else "",
        errors=errors or {},
        done=request.args.get("done", ""),
        is_confirmed=visit.is_confirmed,
        signed_in=False,
    )


def _person(visit: DeskVisit) -> Subscriber:
    person = Subscriber.locked(visit.session, _person_id())
    if person is None:
        abort(HTTPStatus.NOT_FOUND)
    return person


def _person_id() -> int:
    text = request.form.get("person", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0  # noqa: PLR2004 - fits 64 bits


def _done(what: str) -> Response:
    return cast("Response", redirect(f"/desk/people?done={what}", code=303))
