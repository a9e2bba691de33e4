"""A fresh sign-in, which a page asks for before what nobody else may do with a browser that was left open."""

from __future__ import annotations

from flask import redirect
from werkzeug.wrappers import Response

from service.flows.people.access import sign_in
from service.flows.people.access.mail_requests import TooManyRequests
from service.web import browser
from service.web.browser import Visit
from service.web.context import get_runtime, now
from service.web.errors import error_page


def is_fresh(visit: Visit) -> bool:
    """Return whether this browser signed in within the last ten minutes."""
    secret = browser.secret_hash()
    return secret is not None and sign_in.is_fresh(visit.session, secret, now())


def send_link(path: str) -> Response | tuple[str, int]:
    """Send the subscriber a link to sign in with, which brings them back to this path."""
    with browser.visit(writing=True) as visit:
        address = visit.keyring.address_of(visit.person)
        asked = sign_in.ask(visit.session, visit.keyring, address=address, asker=browser.new_asker(), now=now())
    if isinstance(asked, TooManyRequests):
        return error_page(429)
    browser.note_wanted(path)
    get_runtime().job_queue.enqueue_mail_requests([asked])
    return redirect("/sent", code=303)
