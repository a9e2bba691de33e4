"""Changing one's address: asking for it, the link in the new mailbox, and the way back from the former one."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.access.tokens import ActToken
from service.core.addresses import Address
from service.flows.people.addresses import change_address
from service.flows.people.addresses.change_address import ChangeStanding
from service.web import browser
from service.web.browser import Visit
from service.web.context import contact_address, get_runtime, now, page
from service.web.errors import error_page
from service.web.forms import forms
from service.web.pages.access.fresh_sign_in import is_fresh, send_link

blueprint = Blueprint("change_address", __name__)
PATH = "/settings/change-address"
_PROBLEMS: Mapping[ChangeStanding, str] = {
    ChangeStanding.SAME: "That’s the address we write to now",
    ChangeStanding.REFUSED: "That’s enough new addresses for one week. Try again next week",
}


@blueprint.get(PATH)
def show() -> str:
    """Show the address, and how to change it."""
    with browser.visit() as visit:
        return _page(visit, {}, forms.FormErrors({}))


@blueprint.post(f"{PATH}/sign-in")
def sign_in_again() -> Response | tuple[str, int]:
    """Send the subscriber a link, which brings them back to the page."""
    return send_link(PATH)


@blueprint.post(PATH)
def ask() -> Response | str | tuple[str, int]:
    """Send the new address the link that makes the change, or show the errors."""
    address = forms.read_sure_address(request.form)
    if isinstance(address, Address):
        with browser.visit(writing=True) as visit:
            if not is_fresh(visit):
                return redirect(PATH, code=303)
            asked = change_address.ask(visit.session, visit.keyring, visit.person, address, now())
        get_runtime().job_queue.enqueue_deliveries(asked.delivery_ids)
        if asked.standing not in _PROBLEMS:
            return redirect(f"{PATH}?{asked.standing.name.lower()}", code=303)
        address = forms.FormErrors({"email": _PROBLEMS[asked.standing]})
    with browser.visit() as visit:
        if isinstance(address, forms.LikelyTypo):
            return _page(visit, request.form, forms.FormErrors({}), address.likely)
        return _page(visit, request.form, address), HTTPStatus.UNPROCESSABLE_ENTITY


def show_confirm(known: ActToken) -> Response | str:
    """Show the button behind the link in the new mailbox, to its signed-in subscriber only."""
    with browser.visit() as visit:
        if visit.person.id != known.subscriber_id:
            return error_page(404)
        standing = change_address.look(visit.session, visit.keyring, visit.person, known.object_id)
        back_until = change_address.back_until(visit.person, now())
    return page("confirm_address", standing=standing.name.lower(), back_until=back_until, contact=contact_address())


def confirm(known: ActToken) -> Response | str:
    """Change the address, and sign every other browser out."""
    with browser.visit(writing=True) as visit:
        this_browser = browser.secret_hash()
        if visit.person.id != known.subscriber_id or this_browser is None:
            return error_page(404)
        done = change_address.confirm(
            visit.session, visit.keyring, visit.person, known.object_id, this_browser=this_browser, now=now()
        )
    get_runtime().job_queue.enqueue_deliveries(done.delivery_ids)
    return redirect(f"{PATH}?done" if done.standing is ChangeStanding.DONE else request.path, code=303)


def show_take_back(known: ActToken) -> str:
    """Show the button behind the link in the former mailbox; nobody needs to be signed in."""
    with get_runtime().database.read() as session:
        is_possible = change_address.can_take_back(session, known.subscriber_id, known.object_id, now())
    return page("take_back_address", is_possible=is_possible, is_done="done" in request.args)


def take_back(known: ActToken) -> Response:
    """Bring the former address back, and sign every browser out."""
    runtime = get_runtime()
    with runtime.database.write() as session:
        done = change_address.take_back(session, runtime.keyring, known.subscriber_id, known.object_id, now())
    runtime.job_queue.enqueue_deliveries(done.delivery_ids)
    return redirect(f"{request.path}?done" if done.standing is ChangeStanding.DONE else request.path, code=303)


def _page(visit: Visit, typed: forms.Typed | dict[str, str], problems: forms.FormErrors, likely: str = "") -> str:
    return page(
        "change_address",
        address=visit.keyring.address_of(visit.person).text,
        is_fresh=is_fresh(visit),
        typed=typed,
        errors=problems.by_field,
        likely=likely,
        said=next((name for name in ("asked", "reported", "done") if name in request.args), ""),
        back_until=change_address.back_until(visit.person, now()),
        contact=contact_address(),
    )
