"""The question that an entry answers: to be asked it again in a while, or never again."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from service.core.library.own_question import own_id_of
from service.core.library.prompts import Prompt
from service.flows.people.settings import question_wishes
from service.flows.people.settings.own_questions import asked_now
from service.flows.people.settings.question_wishes import Wish, may_be_asked_again
from service.web import browser
from service.web.browser import Visit
from service.web.context import now, page
from service.web.pages.journal.shown_entries import ShownEntry, entry_path, own_entry, shown_entries

blueprint = Blueprint("again", __name__)


def may_wish(visit: Visit, prompt: Prompt | None) -> bool:
    """Return whether a person may say when a question comes again: it is still asked by itself."""
    if prompt is None:
        return False
    if own_id_of(prompt.id) is not None:
        return asked_now(visit.session, visit.keyring, visit.person, prompt.id) is not None
    return may_be_asked_again(prompt)


@blueprint.get("/journal/entry/<id:entry_id>/again")
def show(entry_id: int) -> str:
    """Show the question with the times at which it may come again."""
    with browser.visit() as visit:
        shown, prompt = _asked(visit, entry_id)
        wished = question_wishes.wish_about(visit.session, visit.person, prompt)
    return page("again", shown=shown, wished=wished, is_own=own_id_of(prompt.id) is not None)


@blueprint.post("/journal/entry/<id:entry_id>/again")
def ask(entry_id: int) -> Response:
    """Record when the question comes again, if ever; an own question that is not wanted is removed on its page."""
    chosen = next((wish for wish in Wish if wish == request.form.get("wish")), None)
    with browser.visit(writing=True) as visit:
        _, prompt = _asked(visit, entry_id)
        if chosen is not None and not (chosen is Wish.NEVER and own_id_of(prompt.id) is not None):
            question_wishes.record(visit.session, visit.person, prompt, chosen, now())
    return redirect(f"{entry_path(entry_id)}/again", code=303)


def _asked(visit: Visit, entry_id: int) -> tuple[ShownEntry, Prompt]:
    """Return an entry with the question that it answers; one without a question that may come again has no page."""
    [shown] = shown_entries(visit, [own_entry(visit, entry_id)])
    if shown.prompt is None or not may_wish(visit, shown.prompt):
        abort(404)
    return shown, shown.prompt
