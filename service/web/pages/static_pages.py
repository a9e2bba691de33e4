"""Pages that are the same for everybody: help now, privacy, about."""

from __future__ import annotations

from email.utils import parseaddr

from flask import Blueprint

from service.web.context import get_help_lines, get_runtime, now, page

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
    settings = get_runtime().settings
    return page("privacy", contact=parseaddr(settings.mail_from)[1], postal_address=settings.postal_address)


@blueprint.get("/about")
def about() -> str:
    """Say what this is, and what it is not."""
    return page("about")
