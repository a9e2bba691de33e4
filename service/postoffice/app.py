"""The post office as a Flask app."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from werkzeug.exceptions import NotFound

from service.clock import Clock, utc_now
from service.config import LOOPBACK, ROOT
from service.postoffice.api.account_api import account_api
from service.postoffice.api.provider import api, magnificent
from service.postoffice.control import control
from service.postoffice.office import OfficeSettings, PostOffice
from service.postoffice.pages import pages

TEMPLATES = ROOT / "templates" / "postoffice"
_OWN_PATHS = ("/mail", "/posts", "/_local", "/style.css")
_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'self'"
)


class NotLocalError(Exception):
    """The settings are for real Mailgun, so a local post office would be misleading."""


def refuse_unless_local(api_url: str) -> None:
    """Check that `api_url` (MAILGUN_API_URL) is on this machine.

    Raises:
        NotLocalError: it is not; the text is one line for the person at the terminal.
    """
    if urlsplit(api_url).hostname not in LOOPBACK:
        raise NotLocalError(
            "The local post office stays closed: MAILGUN_API_URL is not on this machine, so mail"
            " goes to the real provider. Unset it to work locally."
        )


def create_app(
    *,
    folder: Path,
    domain: str,
    api_key: str,
    signing_key: str,
    inbound_url: str,
    events_url: str,
    reply_domain: str = "",
    now: Clock = utc_now,
) -> Flask:
    """Return the app; `app.extensions["postoffice"]` is its PostOffice.

    It stores everything in `folder`. `inbound_url` and `events_url` are the service's webhooks;
    with an empty `events_url` no events are posted. Without `reply_domain`,
    the domain takes the replies. Only requests from this machine are answered.

    Raises:
        NotLocalError: a webhook is not on this machine.
    """
    for url in (inbound_url, events_url):
        if url and urlsplit(url).hostname not in LOOPBACK:
            raise NotLocalError("The local post office posts to this machine only, and BASE_URL is another.")
    app = Flask("service.postoffice", template_folder=str(TEMPLATES), static_folder=None)
    settings = OfficeSettings(folder, domain, api_key, signing_key, inbound_url, events_url, reply_domain)
    app.extensions["postoffice"] = PostOffice(settings, now)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.before_request(_refuse_strangers)
    app.after_request(_say_what_pages_may)
    for blueprint in (api, account_api, pages, control):
        app.register_blueprint(blueprint)
    app.register_error_handler(NotFound, _not_found)
    return app


def _refuse_strangers() -> None:
    """Refuse requests from other machines, with another Host, and forms of other sites."""
    host = urlsplit(f"//{request.host}").hostname
    if request.remote_addr not in LOOPBACK or host not in LOOPBACK:
        abort(403)
    origin = request.headers.get("Origin")
    if request.method not in {"GET", "HEAD"} and origin is not None and origin != request.host_url.rstrip("/"):
        abort(403)


def _say_what_pages_may(answer: Response) -> Response:
    answer.headers.setdefault("Content-Security-Policy", _POLICY)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    # With no-referrer a browser would hide the origin of our own forms, which is checked.
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _not_found(error: NotFound) -> Response | NotFound:
    return error if request.path.startswith(_OWN_PATHS) else magnificent()
