"""Deleting an entry, the list of what was deleted within a day, and putting it back."""

from __future__ import annotations

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from service.flows.people.journal import deleted_entries
from service.web import browser
from service.web.context import now, page
from service.web.pages.journal.shown_entries import entry_path, own_entry, questions_of, shown_entries

blueprint = Blueprint("deleted_entries", __name__)


@blueprint.get("/journal/deleted")
def show() -> str:
    """Show which entries can be put back: their days and questions, and no words."""
    with browser.visit() as visit:
        deleted = deleted_entries.list_deleted(visit.session, visit.person, now())
        prompts = questions_of(visit, (each.prompt_id for each in deleted))
    return page("deleted_entries", deleted=deleted, prompts=prompts)


@blueprint.get("/journal/entry/<id:entry_id>/delete")
def show_delete(entry_id: int) -> str:
    """Ask whether to delete an entry."""
    with browser.visit() as visit:
        [shown] = shown_entries(visit, [own_entry(visit, entry_id)])
    return page("delete", shown=shown)


@blueprint.post("/journal/entry/<id:entry_id>/delete")
def delete(entry_id: int) -> Response:
    """Delete an entry, which its owner can put back for a day."""
    with browser.visit(writing=True) as visit:
        entry = own_entry(visit, entry_id)
        deleted_entries.delete(visit.session, entry, now())
    return redirect(f"/journal/{entry.written_on:%Y-%m}?deleted={entry_id}", code=303)


@blueprint.post("/journal/entry/<id:entry_id>/undelete")
def undelete(entry_id: int) -> Response:
    """Put a deleted entry back; one that is there already stays."""
    with browser.visit(writing=True) as visit:
        deleted_entries.put_back(visit.session, visit.person, entry_id, now())
        own_entry(visit, entry_id)
    return redirect(entry_path(entry_id), code=303)
