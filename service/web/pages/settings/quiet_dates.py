"""The page of quiet dates: which they are, adding one, and removing one."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.settings.quiet_dates import MonthDay, QuietSpan
from service.core.text.sentences import one_line
from service.flows.people.settings import quiet_dates
from service.flows.people.settings.quiet_dates import MOST_LABEL_CHARACTERS, NotAdded
from service.models import SubscriberStatus
from service.web import browser
from service.web.browser import Visit
from service.web.context import now, page
from service.web.forms import forms

blueprint = Blueprint("quiet_dates", __name__)
PATH = "/settings/quiet-dates"
_NO_DAY = "Write a day and a month, such as 12 March"
_PROBLEMS = {
    NotAdded.TOO_LONG: forms.FormErrors({"last": "That’s too long for a quiet date. Take a rest instead"}),
    NotAdded.TOO_MANY: forms.FormErrors({"first": "There’s no room for another one. Remove one that you don’t need"}),
}


@blueprint.get(PATH)
def show() -> str:
    """Show the quiet dates."""
    with browser.visit() as visit:
        return _page(visit, {}, forms.FormErrors({}))


@blueprint.post(PATH)
def add() -> Response | tuple[str, int]:
    """Add a quiet date, or show the errors."""
    span, label = _read_span(request.form), one_line(request.form.get("label", ""))
    if isinstance(span, QuietSpan) and len(label) > MOST_LABEL_CHARACTERS:
        span = forms.FormErrors({"label": "Make it shorter: a few words are enough"})
    if isinstance(span, QuietSpan):
        with browser.visit(writing=True) as visit:
            done = quiet_dates.add(visit.session, visit.keyring, visit.person, span, label=label, now=now())
        if not isinstance(done, NotAdded):
            return redirect(f"{PATH}?added={done}", code=303)
        span = _PROBLEMS[done]
    with browser.visit() as visit:
        return _page(visit, request.form, span), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post(f"{PATH}/remove")
def remove() -> Response:
    """Remove a quiet date; one that is not listed any more is removed already."""
    with browser.visit(writing=True) as visit:
        quiet_dates.remove(visit.session, visit.person, request.form.get("id", ""))
    return redirect(f"{PATH}?removed", code=303)


def _page(visit: Visit, typed: forms.Typed | dict[str, str], problems: forms.FormErrors) -> str:
    person = visit.person
    found = quiet_dates.named_quiet_dates(visit.session, visit.keyring, person)
    added = request.args.get("added", "")
    is_active = person.status == SubscriberStatus.ACTIVE
    return page(
        "quiet_dates",
        quiet_dates=found,
        typed=typed,
        errors=problems.by_field,
        added=next((one.span for one in found if str(one.id) == added), None),
        removed="removed" in request.args,
        next_on=quiet_dates.next_question_on(visit.session, person) if is_active else None,
    )


def _read_span(typed: forms.Typed) -> QuietSpan | forms.FormErrors:
    """Return the days that were typed; the last one is the first if it was left empty."""
    first, last = (MonthDay.parse(typed.get(name, "")) for name in ("first", "last"))
    if first is None:
        return forms.FormErrors({"first": _NO_DAY})
    if last is None and typed.get("last", "").strip():
        return forms.FormErrors({"last": _NO_DAY})
    return QuietSpan(first, last or first)
