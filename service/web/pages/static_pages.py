"""Pages that are the same for everybody: help now, privacy, about, and security.txt."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parseaddr

from flask import Blueprint, Response, url_for

from service.web.context import get_help_lines, get_runtime, now, page

# RFC 9116, section 2.5.5, wants less than a year.
SECURITY_TXT_LIFETIME = timedelta(days=180)

blueprint = Blueprint("plain", __name__)


@blueprint.get("/help-now")
def help_now() -> str:
    """Show where help is now; no sign-in, no questions."""
    help_lines, today = get_help_lines(), now().date()
    unchecked = [line for line in help_lines.lines if not line.is_checked(today)]
    return page("help_now", help_lines=help_lines, unchecked=unchecked)


@blueprint.get("/privacy")
def privacy() -> str:
    """Say what is kept, who can read it, and for how long."""
    return page("privacy", contact=_contact(), postal_address=get_runtime().settings.postal_address)


@blueprint.get("/about")
def about() -> str:
    """Say what this is, and what it is not."""
    return page("about")


@blueprint.get("/.well-known/security.txt")
def security_txt() -> Response:
    """Say where to report a weakness (RFC 9116)."""
    address = get_runtime().settings.base_url + url_for("plain.security_txt")
    expires = now().replace(hour=0, minute=0, second=0, microsecond=0) + SECURITY_TXT_LIFETIME
    lines = (
        f"Contact: mailto:{_contact()}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {address}",
    )
    return Response("".join(f"{line}\n" for line in lines), mimetype="text/plain")


def _contact() -> str:
    return parseaddr(get_runtime().settings.mail_from)[1]
