"""Pages that anybody may open: help now, privacy, about, the icon, and the files for programs."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, render_template, url_for

from service.models import Subscriber
from service.web import browser
from service.web.context import contact_address, get_help_lines, get_runtime, now, page
from service.web.zones import country_of

# RFC 9116, section 2.5.5, wants less than a year.
SECURITY_TXT_LIFETIME = timedelta(days=180)
FAVICON_KEPT = timedelta(days=7)
FOR_SEARCH_ENGINES = ("/$", "/about$", "/privacy$", "/help-now$", "/favicon.svg$")

blueprint = Blueprint("plain", __name__)


@blueprint.get("/help-now")
def help_now() -> str:
    """Show where help is now; no sign-in, no questions. The country of whoever is signed in comes first."""
    help_lines, today = get_help_lines(), now().date()
    unchecked = [line for line in help_lines.lines if not line.is_checked(today)]
    near = help_lines.in_country(_help_country())
    return page("help_now", help_lines=help_lines, near=near, unchecked=unchecked)


@blueprint.get("/privacy")
def privacy() -> str:
    """Say what is kept, who can read it, and for how long."""
    runtime = get_runtime()
    return page(
        "privacy",
        contact=contact_address(),
        postal_address=runtime.settings.postal_address,
        discreet=runtime.composer.discreet_words,
    )
