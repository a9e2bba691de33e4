"""Public pages: help now, privacy, about, the icon, and the files for programs."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, render_template, url_for

from service.models import Subscriber
from service.web import browser
from service.web.context import contact_address, get_help_lines, get_runtime, now, page
from service.web.forms.zones import country_of
from service.web.pages.email_texts import said_by_email

# RFC 9116, section 2.5.5, recommends less than a year.
SECURITY_TXT_LIFETIME = timedelta(days=180)
FAVICON_KEPT = timedelta(days=7)
FOR_SEARCH_ENGINES = ("/$", "/about$", "/privacy$", "/help-now$", "/letters", "/favicon.svg$")

blueprint = Blueprint("plain", __name__)


@blueprint.get("/help-now")
def help_now() -> str:
    """Show help lines, without a sign-in; a signed-in person's country comes first."""
    help_lines, today = get_help_lines(), now().date()
    unchecked = [line for line in help_lines.lines if not line.is_checked(today)]
    near = help_lines.in_country(_help_country())
    return page("help_now", help_lines=help_lines, near=near, unchecked=unchecked)


@blueprint.get("/privacy")
def privacy() -> str:
    """Show what is stored, who can read it, and for how long."""
    runtime = get_runtime()
    return page(
        "privacy",
        contact=contact_address(),
        postal_address=runtime.settings.postal_address,
        discreet=runtime.composer.discreet_words,
    )


@blueprint.get("/about")
def about() -> str:
    """Show what the service is, what people can reply, and what it is not."""
    return page("about", replies=said_by_email("command.help").lines, contact=contact_address())


@blueprint.get("/favicon.svg")
@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Send the icon; some browsers request it by its old name."""
    response = Response(render_template("favicon.svg"), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = f"public, max-age={int(FAVICON_KEPT.total_seconds())}"
    return response


@blueprint.get("/robots.txt")
def robots_txt() -> Response:
    """Allow search engines the public pages, and no personal links (RFC 9309)."""
    rules = [f"Allow: {path}" for path in FOR_SEARCH_ENGINES]
    return Response("\n".join(["User-agent: *", *rules, "Disallow: /", ""]), mimetype="text/plain")


@blueprint.get("/.well-known/security.txt")
def security_txt() -> Response:
    """Tell where to report a vulnerability (RFC 9116)."""
    address = get_runtime().settings.base_url + url_for("plain.security_txt")
    expires = now().replace(hour=0, minute=0, second=0, microsecond=0) + SECURITY_TXT_LIFETIME
    lines = (
        f"Contact: mailto:{contact_address()}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {address}",
    )
    return Response("".join(f"{line}\n" for line in lines), mimetype="text/plain")


def _help_country() -> str:
    """Return the country in the signed-in person's settings, else that of their time zone, or ""."""
    if not browser.has_signed_in():
        return ""
    with get_runtime().database.read() as session:
        person_id = browser.signed_in_id(session)
        person = session.get(Subscriber, person_id) if person_id is not None else None
        return person.help_country or country_of(person.time_zone) if person else ""
