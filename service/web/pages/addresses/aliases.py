"""The page of a subscriber's other addresses, which they write from: which they are, adding one, and removing one."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.addresses import Address
from service.flows.people.addresses import aliases
from service.flows.people.addresses.aliases import AliasStanding
from service.web import browser
from service.web.browser import Visit
from service.web.context import get_runtime, now, page
from service.web.forms import forms
from service.web.pages.access.fresh_sign_in import is_fresh, send_link

blueprint = Blueprint("aliases", __name__)
PATH = "/settings/addresses"
_PROBLEMS: Mapping[AliasStanding, str] = {
    AliasStanding.THEIRS: "That address is yours already",
    AliasStanding.ASKED_BEFORE: "You’ve asked about that address this week. Look for our email there first",
    AliasStanding.REFUSED: "That’s enough new addresses for one day. Try again tomorrow",
}


@blueprint.get(PATH)
def show() -> str:
    """Show the other addresses."""
    with browser.visit() as visit:
        return _page(visit, {}, forms.FormErrors({}))


@blueprint.post(f"{PATH}/sign-in")
def sign_in_again() -> Response | tuple[str, int]:
    """Send the subscriber a link, which brings them back to the page."""
    return send_link(PATH)


@blueprint.post(PATH)
def add() -> Response | str | tuple[str, int]:
    """Send an address the link that adds it, or show the errors."""
    address = forms.read_sure_address(request.form)
    if isinstance(address, Address):
        with browser.visit(writing=True) as visit:
            if not is_fresh(visit):
                return redirect(PATH, code=303)
            asked = aliases.ask(visit.session, visit.keyring, visit.person, address, now())
        get_runtime().job_queue.enqueue_deliveries(asked.delivery_ids)
        if asked.standing is AliasStanding.ASKED:
            return redirect(f"{PATH}?asked", code=303)
        address = forms.FormErrors({"email": _PROBLEMS[asked.standing]})
    with browser.visit() as visit:
        if isinstance(address, forms.LikelyTypo):
            return _page(visit, request.form, forms.FormErrors({}), address.likely)
        return _page(visit, request.form, address), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post(f"{PATH}/remove")
def remove() -> Response:
    """Remove an address; one that is not listed any more is removed already."""
    with browser.visit(writing=True) as visit:
        aliases.remove(visit.session, visit.keyring, visit.person, request.form.get("key", ""))
    return redirect(f"{PATH}?removed", code=303)


def _page(visit: Visit, typed: forms.Typed | dict[str, str], problems: forms.FormErrors, likely: str = "") -> str:
    return page(
        "aliases",
        addresses=aliases.other_addresses(visit.session, visit.keyring, visit.person),
        zone=visit.person.zone,
        is_fresh=is_fresh(visit),
        typed=typed,
        errors=problems.by_field,
        likely=likely,
        asked="asked" in request.args,
        removed="removed" in request.args,
    )
