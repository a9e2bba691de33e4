"""Signing in and out at the desk, and the second factor."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import cast

import segno
from flask import Blueprint, Response, abort, current_app, make_response, redirect, request
from markupsafe import Markup

from service.core.addresses import Address
from service.flows.desk import desk_passkeys, desk_sign_in, second_factor
from service.flows.desk.desk_sign_in import NewDeskLink, writer_hashes
from service.flows.desk.second_factor import AppSecret, CodeRefused
from service.job_queue import BackgroundJob
from service.models import DeskSession
from service.web.context import get_runtime, hashed, network_hash, now, page
from service.web.errors import error_page
from service.web.forms import forms
from service.web.pages.access.passkeys import site_of_passkeys
from service.web.pages.desk import desk_browser
from service.web.pages.desk.desk_browser import DeskSignInNeededError, SecondFactorNeededError, desk_visit
from service.web.security.rate_limit import RateLimiter

LINKS_AN_HOUR = 10
_LIMITER = "desk_links"

blueprint = Blueprint("desk_account", __name__, url_prefix="/desk")


@blueprint.app_errorhandler(DeskSignInNeededError)
def ask_to_sign_in(_: DeskSignInNeededError) -> Response:
    """Lead to the form that asks for a link."""
    return cast("Response", redirect("/desk/sign-in", code=303))


@blueprint.app_errorhandler(SecondFactorNeededError)
def ask_for_code(_: SecondFactorNeededError) -> tuple[str, int]:
    """Say that a second factor is needed before what cannot be undone."""
    return page("desk/second_factor", **_factor_state(), errors={}, app=None, needed=True), HTTPStatus.FORBIDDEN


@blueprint.get("/sign-in")
def show() -> str:
    """Show the form that asks for a link."""
    _require_writers()
    return page("desk/sign_in", typed={}, errors={}, signed_in=False)


@blueprint.post("/sign-in")
def ask() -> Response | tuple[str, int]:
    """Send a link to a writer; the response is the same for every other address."""
    _require_writers()
    address = forms.read_address(request.form)
    if isinstance(address, forms.FormErrors):
        form = page("desk/sign_in", typed=request.form, errors=address.by_field, signed_in=False)
        return form, HTTPStatus.UNPROCESSABLE_ENTITY
    if not _limiter().allows(network_hash(), now()):
        return error_page(HTTPStatus.TOO_MANY_REQUESTS)
    secret = desk_browser.current_secret() or desk_browser.new_secret()
    _send_link(address, secret)
    response = make_response(page("desk/sent", signed_in=False))
    desk_browser.set_secret(response, secret)
    return response


@blueprint.get("/sign-in/<token>")
def look(token: str) -> Response | str:
    """Show the button behind a link; showing does not use the link."""
    _require_writers()
    with get_runtime().database.read() as session:
        is_ready = desk_sign_in.is_ready(session, desk_browser.token_hash(token), _browser_hash(), now())
    if is_ready is None:
        return error_page(HTTPStatus.GONE, again="/desk/sign-in")
    return page("desk/sign_in_link", is_ready=is_ready, signed_in=False)


@blueprint.post("/sign-in/<token>")
def use(token: str) -> Response | str:
    """Use the link and sign this browser in, with a new secret in its cookie."""
    _require_writers()
    secret = desk_browser.new_secret()
    hashes = desk_browser.token_hash(token), _browser_hash(), desk_browser.secret_hash(secret)
    with get_runtime().database.write() as session:
        if not desk_sign_in.use(session, *hashes, now()):
            return error_page(HTTPStatus.GONE, again="/desk/sign-in")
    response = cast("Response", redirect("/desk", code=303))
    desk_browser.set_secret(response, secret)
    return response


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Sign this browser out at the desk."""
    with get_runtime().database.write() as session:
        DeskSession.end(session, _browser_hash())
    response = cast("Response", redirect("/desk/sign-in", code=303))
    desk_browser.forget_secret(response)
    return response


@blueprint.get("/second-factor")
def show_factor() -> str:
    """Show the form for a code, or how to set an authenticator app up, and the passkeys."""
    return page("desk/second_factor", **_factor_state(), errors={}, app=None, needed=False)


@blueprint.post("/second-factor/app")
def show_app() -> str | tuple[str, int]:
    """Show what an authenticator app needs, for the one-time code that the command on the server printed."""
    typed = "".join(filter(str.isalnum, request.form.get("enrol", ""))).upper()
    runtime = get_runtime()
    with desk_visit(writing=True) as visit:
        found = second_factor.open_enrolment(
            visit.session,
            visit.keyring,
            visit.desk.writer_hash,
            hashed("desk enrol", typed),
            place_name=runtime.place.name,
            now=now(),
        )
    return _factor_page("enrol", found)


@blueprint.post("/second-factor")
def confirm() -> Response | str | tuple[str, int]:
    """Accept a code of the app."""
    with desk_visit(writing=True) as visit:
        code = request.form.get("code", "")
        refused = second_factor.confirm(visit.session, visit.keyring, visit.desk, code, now())
    if refused is not None:
        return _factor_page("code", refused)
    return cast("Response", redirect("/desk", code=303))


def _limiter() -> RateLimiter:
    """Return what limits the links that one network may ask for."""
    return cast("RateLimiter", current_app.extensions.setdefault(_LIMITER, RateLimiter(LINKS_AN_HOUR)))


def _send_link(address: Address, secret: str) -> None:
    runtime = get_runtime()
    writer_hash = runtime.keyring.address_hash(address)
    if writer_hash not in writer_hashes(runtime.keyring, runtime.settings.writer_emails):
        return
    token = desk_browser.new_secret()
    url = f"{runtime.settings.base_url}/desk/sign-in/{token}"
    link = NewDeskLink(url, desk_browser.token_hash(token), desk_browser.secret_hash(secret))
    with runtime.database.write() as session:
        mail_id = desk_sign_in.ask(session, runtime.keyring, writer_hash, link, now())
    if mail_id is not None:
        runtime.job_queue.enqueue_background(BackgroundJob.WRITER_MAILS, [mail_id])


def _factor_state() -> dict[str, object]:
    with desk_visit() as visit:
        return {
            "is_enrolled": second_factor.is_enrolled(visit.session, visit.desk.writer_hash),
            "is_confirmed": visit.is_confirmed,
            "address": visit.address,
            "passkeys": desk_passkeys.named_passkeys(visit.session, visit.keyring, visit.desk.writer_hash),
            "has_site": site_of_passkeys() is not None,
            "done": request.args.get("done", ""),
        }


def _factor_page(name: str, found: AppSecret | CodeRefused) -> str | tuple[str, int]:
    if isinstance(found, CodeRefused):
        errors = {name: found.sentence}
        shown = page("desk/second_factor", **_factor_state(), errors=errors, app=None, needed=False)
        return shown, HTTPStatus.UNPROCESSABLE_ENTITY
    picture = io.BytesIO()
    segno.make(found.url, error="m").save(picture, kind="svg", xmldecl=False, svgns=False, scale=4, light="white")
    svg = Markup(picture.getvalue().decode())  # noqa: S704 - drawn by the library from our own address
    return page("desk/second_factor", **_factor_state(), errors={}, app=found, qr=svg, needed=False)


def _browser_hash() -> bytes:
    return desk_browser.secret_hash(desk_browser.current_secret())


def _require_writers() -> None:
    """Answer 404 where nobody is named in WRITER_EMAILS: there is no desk then."""
    if not get_runtime().settings.writer_emails:
        abort(HTTPStatus.NOT_FOUND)
