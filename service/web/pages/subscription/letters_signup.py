"""Signing up for the letters alone: an address is all it takes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.settings.consent import Stream, current_wording
from service.web import browser
from service.web.context import get_runtime, page
from service.web.forms import form_time, forms
from service.web.pages.subscription.signup import ask_for, join_address

blueprint = Blueprint("letters_signup", __name__)


@blueprint.get("/letters/subscribe")
def show() -> str:
    """Show the form, to everybody the same."""
    browser.browser_hash()
    return _form({}, forms.FormErrors({}))


@blueprint.post("/letters/subscribe")
def subscribe() -> Response | str | tuple[str, int]:
    """Write the request down; the answer is the same whoever the address belongs to."""
    if request.form.get("website"):  # only software fills in what nobody sees
        return redirect("/sent", code=303)
    zone = ZoneInfo(get_runtime().settings.writer_time_zone)
    return ask_for(forms.read_letters_signup(request.form, zone), _form)


def _form(
    typed: forms.Typed | dict[str, str], problems: forms.FormErrors, likely: str = "", *, again: bool = False
) -> str:
    writer = get_runtime().writer_name
    return page(
        "letters_signup",
        again=again,
        opened=form_time.form_time(),
        typed=typed,
        errors=problems.by_field,
        likely=likely,
        writer=writer,
        join=join_address(Stream.LETTERS),
        wording=current_wording(Stream.LETTERS, writer),
    )
