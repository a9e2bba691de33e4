"""Changing an entry: its words, also as a draft and in two windows at once, more photos, and the earlier wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.journal.entry_text import wording_key
from service.flows.people.journal import earlier_wording, entry_drafts
from service.flows.people.journal.entry_drafts import OpenEntryDraft
from service.flows.people.journal.photos import entry_photos, photo_changes
from service.flows.people.journal.photos.photo_upload import UploadedPhotos
from service.models import Entry
from service.web import browser
from service.web.browser import Visit
from service.web.context import get_runtime, now, page
from service.web.errors import ErrorText, error_page
from service.web.forms import uploads
from service.web.forms.forms import FormErrors, typed_words
from service.web.pages.journal.shown_entries import ShownEntry, entry_path, own_entry, shown_entries
from service.web.pages.writing.chosen_steps import keep_step, step_in

blueprint = Blueprint("edit", __name__)
Answer = Response | str | tuple[str, int]
DROP = "none"  # the value of the button that throws a draft away
EMPTY = {"words": "Write something, or use Delete to remove the entry"}
CHANGED_MEANWHILE = {"words": "These words were changed while this page was open. Nothing is lost: both are below"}
DELETED_MEANWHILE = ErrorText(
    "This entry isn’t there any more", "It may have been deleted in another window. Your words are below, to copy."
)


@dataclass(frozen=True, slots=True)
class EditForm:
    """What the form shows; `seen` and `draft_seen` name the wordings of entry and draft that it was made from.

    Where the entry was changed meanwhile, `is_late` is true, and its words stand beside those in the box.
    """

    words: str = field(repr=False)
    seen: str
    draft_seen: str = ""
    is_late: bool = False
    has_draft: bool = False

    @classmethod
    def first(cls, shown: ShownEntry, draft: OpenEntryDraft | None) -> EditForm:
        """Return the form as it is opened: with the words of the draft, or else of the entry."""
        words = shown.entry.words
        if draft is None:
            return cls(words, wording_key(words))
        return cls(draft.words, wording_key(words), wording_key(draft.words), draft.is_behind, has_draft=True)

    @classmethod
    def again(cls, words: str, seen: str, *, is_late: bool = False) -> EditForm:
        """Return the form as it was sent, with these words."""
        return cls(words, seen, request.form.get("draft_seen", ""), is_late)


@blueprint.get("/journal/entry/<id:entry_id>/edit")
def show(entry_id: int) -> str:
    """Show the form with the words of an entry, or of its draft."""
    with browser.visit() as visit:
        entry = own_entry(visit, entry_id)
        [shown] = shown_entries(visit, [entry])
        draft = entry_drafts.find_draft(visit.session, visit.keyring, visit.person, entry)
    return _edit_page(shown, EditForm.first(shown, draft))


@blueprint.post("/journal/entry/<id:entry_id>/edit")
def edit(entry_id: int) -> Answer:
    """Replace the words of an entry, unless they were changed since the form was shown: then show both; add photos.

    Another button keeps the words as a draft, or throws the draft away.
    """
    typed, photos = typed_words(), _uploaded(entry_id)
    spare = set() if isinstance(photos, FormErrors) else photos.names
    answer: Answer
    with browser.visit(writing=True) as visit:
        entry = Entry.find(visit.session, visit.person.id, entry_id)
        if entry is None:
            answer = _deleted_meanwhile(typed)
        elif isinstance(photos, FormErrors):
            answer = _typed_again(visit, entry, photos.by_field, typed)
        else:
            spare = photo_changes.add_photos(visit.session, entry, photos.photos, now())
            answer = _change_words(visit, entry, typed, all_kept=photos.all_kept)
    entry_photos.remove_objects(get_runtime().storage, spare)
    return answer


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


def _uploaded(entry_id: int) -> UploadedPhotos | FormErrors:
    """Return the photos of this request's form, stored, or why none can be kept; none if the entry is not there."""
    files = uploads.chosen_files()
    if not files or "draft" in request.form:
        return UploadedPhotos()
    with browser.visit() as visit:
        person, is_there = visit.person, Entry.find(visit.session, visit.person.id, entry_id) is not None
    return uploads.upload(files, person) if is_there else UploadedPhotos()


def _change_words(visit: Visit, entry: Entry, typed: str, *, all_kept: bool) -> Answer:
    [shown] = shown_entries(visit, [entry])
    words, is_draft = shown.entry.words, "draft" in request.form
    if not typed and not shown.photos and not is_draft:
        return _edit_page(shown, EditForm.again(words, wording_key(words)), EMPTY), HTTPStatus.UNPROCESSABLE_ENTITY
    added = f"\n\n{typed}" if "both" in request.form else ""
    is_done = typed == words or (added and words.endswith(added))  # the same form was here before
    if not is_done and request.form.get("seen") not in {None, wording_key(words)}:
        form = EditForm.again(typed, wording_key(words), is_late=True)
        return _edit_page(shown, form, CHANGED_MEANWHILE), HTTPStatus.CONFLICT
    if is_draft:
        return _keep_draft(visit, entry, typed)
    if not is_done:
        before = step_in(visit.person, entry)
        wording = words + added if added else typed
        earlier_wording.change_words(visit.session, visit.keyring, visit.person, entry, words=wording, now=now())
        keep_step(visit.session, visit.person, entry, before=before)
    entry_drafts.drop_draft(visit.session, visit.keyring, visit.person, entry, seen=request.form.get("draft_seen", ""))
    return _saved(entry.id, all_kept=all_kept)


def _keep_draft(visit: Visit, entry: Entry, typed: str) -> Response:
    words, seen = "" if request.form["draft"] == DROP else typed, request.form.get("draft_seen", "")
    entry_drafts.save_draft(visit.session, visit.keyring, visit.person, entry, words=words, seen=seen, now=now())
    return redirect(f"{entry_path(entry.id)}/edit?drafted", code=303)


def _saved(entry_id: int, *, all_kept: bool = True) -> Response:
    return redirect(f"{entry_path(entry_id)}?saved" + ("" if all_kept else "&refused"), code=303)


def _deleted_meanwhile(typed: str) -> Response:
    return error_page(404, DELETED_MEANWHILE if typed else None, lost=typed)


def _typed_again(visit: Visit, entry: Entry, errors: Mapping[str, str], typed: str) -> Answer:
    """Return the form as it was sent, with what is wrong with its photos."""
    [shown] = shown_entries(visit, [entry])
    words = shown.entry.words
    form = EditForm.again(typed or words, request.form.get("seen") or wording_key(words))
    return _edit_page(shown, form, errors), HTTPStatus.UNPROCESSABLE_ENTITY


def _edit_page(shown: ShownEntry, form: EditForm, errors: Mapping[str, str] = MappingProxyType({})) -> str:
    return page("edit", shown=shown, form=form, errors=errors, drop=DROP, was_drafted="drafted" in request.args)
