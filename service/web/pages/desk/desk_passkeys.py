"""Passkeys at the desk: adding one and removing one after a second factor, and using one as a second factor."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from flask import Blueprint, Response, redirect, request

from service.core.access.passkeys import PasskeySite
from service.flows.desk import desk_passkeys
from service.flows.desk.desk_log import DeskActionName
from service.flows.desk.desk_passkeys import DeskBrowser, DeskPasskeyRefused
from service.flows.people.access.passkeys import MOST_NAME_CHARACTERS
from service.web.context import now, page
from service.web.pages.access.passkeys import site_of_passkeys, suggested_name
from service.web.pages.desk.desk_browser import DeskVisit, desk_visit

FACTOR = "/desk/second-factor"
PATH = f"{FACTOR}/passkey"
_TOO_LONG = "Make the name shorter: a few words are enough"
_SAID = {
    DeskPasskeyRefused.TOO_LATE: ("That took too long. Press the button once more", HTTPStatus.BAD_REQUEST),
    DeskPasskeyRefused.WRONG: ("That passkey doesn’t count here. Try again, or type a code", HTTPStatus.FORBIDDEN),
    DeskPasskeyRefused.TOO_OFTEN: (
        "That was tried too often. Wait ten minutes, then try again",
        HTTPStatus.FORBIDDEN,
    ),
    DeskPasskeyRefused.KNOWN: ("That passkey was added already", HTTPStatus.UNPROCESSABLE_ENTITY),
    DeskPasskeyRefused.TOO_MANY: (
        "There’s no room for another one. Remove one that you don’t need",
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    DeskPasskeyRefused.NO_APP: ("Set up an app for codes first", HTTPStatus.FORBIDDEN),
}

blueprint = Blueprint("desk_passkeys", __name__, url_prefix=PATH)


@blueprint.get("")
def show() -> Response | str:
    """Show the button that asks the browser for a passkey."""
    with desk_visit() as visit:
        return _use_page(visit, site_of_passkeys(), {})


@blueprint.post("")
def confirm() -> Response | str | tuple[Response | str, int]:
    """Accept a passkey as the second factor, for ten minutes."""
    site = site_of_passkeys()
    with desk_visit(writing=True) as visit:
        if site is None:
            return _back()
        refused = desk_passkeys.confirm(_browser(visit, site), request.form.get("answer", ""))
        if refused is not None:
            sentence, status = _SAID[refused]
            return _use_page(visit, site, {"use": sentence}), status
    return cast("Response", redirect("/desk", code=303))


@blueprint.get("/new")
def show_new() -> Response | str:
    """Show the form with which a browser makes a passkey."""
    site = site_of_passkeys()
    with desk_visit() as visit:
        if site is None or not visit.is_confirmed:
            return _back()
        return _new_page(visit, site, {})


@blueprint.post("/new")
def add() -> Response | tuple[str, int]:
    """Add the passkey that the browser has made, or say why it cannot be added."""
    site = site_of_passkeys()
    name = " ".join(request.form.get("name", "").split()) or suggested_name()
    with desk_visit(writing=True) as visit:
        visit.require_confirmed()
        if site is None:
            return _back()
        if len(name) > MOST_NAME_CHARACTERS:
            return _new_page(visit, site, {"name": _TOO_LONG}), HTTPStatus.UNPROCESSABLE_ENTITY
        done = desk_passkeys.add(_browser(visit, site), answer=request.form.get("answer", ""), name=name)
        if isinstance(done, DeskPasskeyRefused):
            sentence, status = _SAID[done]
            return _new_page(visit, site, {"make": sentence}), status
        visit.record(DeskActionName.PASSKEY_ADDED, object_id=done)
    return _back("?done=added")


@blueprint.post("/remove")
def remove() -> Response:
    """Remove a passkey; one that is not listed any more is removed already."""
    with desk_visit(writing=True) as visit:
        visit.require_confirmed()
        passkey_id = desk_passkeys.remove(visit.session, visit.desk.writer_hash, request.form.get("id", ""))
        if passkey_id is not None:
            visit.record(DeskActionName.PASSKEY_REMOVED, object_id=passkey_id)
    return _back("?done=removed")


def _use_page(visit: DeskVisit, site: PasskeySite | None, errors: dict[str, str]) -> Response | str:
    options = None if site is None else desk_passkeys.options_to_confirm(_browser(visit, site))
    if options is None:
        return _back()
    return page("desk/passkey", is_new=False, options=options, typed={}, errors=errors, signed_in=False)


def _new_page(visit: DeskVisit, site: PasskeySite, errors: dict[str, str]) -> str:
    options = desk_passkeys.options_to_add(_browser(visit, site), f"Desk: {visit.address}")
    typed = {"name": request.form.get("name", suggested_name())}
    return page("desk/passkey", is_new=True, options=options, typed=typed, errors=errors, signed_in=False)


def _browser(visit: DeskVisit, site: PasskeySite) -> DeskBrowser:
    return DeskBrowser(visit.session, visit.keyring, visit.desk, site, now())


def _back(query: str = "") -> Response:
    return cast("Response", redirect(FACTOR + query, code=303))
