"""Changing the words of an entry, also in two windows at once, and putting the earlier wording back."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.entry_text import wording_key
from service.flows.people import earlier_wording, journal
from service.models import Entry
from service.web import browser
from service.web.browser import Visit
from service.web.context import now, page
from service.web.errors import ErrorText, error_page
from service.web.forms import typed_words
from service.web.pages.journal.chosen_steps import keep_step, step_in
from service.web.pages.journal.shown_entries import entry_path, own_entry, shown_entries

blueprint = Blueprint("edit", __name__)
EMPTY = {"words": "Write something, or use Delete to remove the entry"}
CHANGED_MEANWHILE = {"words": "These words were changed while this page was open. Nothing is lost: both are below"}
DELETED_MEANWHILE = ErrorText(
    "This entry isn’t there any more", "It may have been deleted in another window. Your words are below, to copy."
)


@blueprint.get("/journal/entry/<id:entry_id>/edit")
def show(entry_id: int) -> str:
    """Show the form with an entry's words."""
    with browser.visit() as visit:
        return _edit_page(visit, own_entry(visit, entry_id))


@blueprint.post("/journal/entry/<id:entry_id>/edit")
def edit(entry_id: int) -> Response | str | tuple[str, int]:
    """Replace the words of an entry, unless they were changed since the form was shown: then show both."""
    typed = typed_words()
    with browser.visit(writing=True) as visit:
        entry = Entry.find(visit.session, visit.person.id, entry_id)
        if entry is None:
            return error_page(404, DELETED_MEANWHILE if typed else None, lost=typed)
        if not typed:
            return _edit_page(visit, entry, EMPTY), HTTPStatus.UNPROCESSABLE_ENTITY
        [opened] = journal.open_entries(visit.keyring, visit.person, [entry])
        added = f"\n\n{typed}" if "both" in request.form else ""
        if typed == opened.words or (added and opened.words.endswith(added)):  # the same form was here before
            return _saved(entry_id)
        if request.form.get("seen") not in {None, wording_key(opened.words)}:
            return _edit_page(visit, entry, CHANGED_MEANWHILE, typed), HTTPStatus.CONFLICT
        before = step_in(visit.person, entry)
        words = opened.words + added if added else typed
        earlier_wording.change_words(visit.session, visit.keyring, visit.person, entry, words=words, now=now())
        keep_step(visit.session, visit.person, entry, before=before)
    return _saved(entry_id)


@blueprint.get("/journal/entry/<id:entry_id>/earlier")
def show_earlier(entry_id: int) -> str:
    """Show the wording before the last change, and ask whether to put it back."""
    with browser.visit() as visit:
        entry = own_entry(visit, entry_id)
        [shown] = shown_entries(visit, [entry])
        earlier = earlier_wording.earlier_words(visit.session, visit.keyring, visit.person, entry, now())
    return page("earlier", shown=shown, earlier=earlier)


@blueprint.post("/journal/entry/<id:entry_id>/earlier")
def put_earlier_back(entry_id: int) -> Response:
    """Put the wording before the last change back; the wording now is kept for a day in its place."""
    with browser.visit(writing=True) as visit:
        entry = own_entry(visit, entry_id)
        before = step_in(visit.person, entry)
        if not earlier_wording.put_back(visit.session, visit.keyring, visit.person, entry, now()):
            return redirect(f"{entry_path(entry_id)}/earlier", code=303)
        keep_step(visit.session, visit.person, entry, before=before)
    return _saved(entry_id)


def _saved(entry_id: int) -> Response:
    return redirect(f"{entry_path(entry_id)}?saved", code=303)


def _edit_page(visit: Visit, entry: Entry, errors: Mapping[str, str] | None = None, typed: str = "") -> str:
    """Return the form with an entry's words, or with other words that were typed meanwhile, and then those too."""
    [shown] = shown_entries(visit, [entry])
    words = shown.entry.words
    return page(
        "edit",
        shown=shown,
        errors=errors or {},
        words=typed or words,
        other=words if typed else "",
        seen=wording_key(words),
    )
