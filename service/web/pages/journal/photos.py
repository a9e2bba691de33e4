"""A photo of the journal, for its owner only: turning, describing and removing it."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, make_response, redirect, request
from werkzeug.wrappers import Response

from service.core.text.sentences import one_line
from service.flows.people.journal.photos import entry_photos, photo_changes, removed_photos
from service.flows.people.journal.photos.photo_changes import LONGEST_DESCRIPTION
from service.flows.people.journal.photos.photo_upload import PhotosBusyError
from service.models import Entry, Photo
from service.storage import StorageError
from service.web import browser
from service.web.browser import Visit
from service.web.context import get_runtime, now, page
from service.web.errors import ErrorText, error_page
from service.web.forms import uploads
from service.web.pages.journal.shown_entries import entry_path
from service.web.security.security import allow_photos

blueprint = Blueprint("photos", __name__)
DESCRIPTION = "description"
TOO_LONG = "Make it a little shorter: a sentence or two is plenty"
NOT_TURNED = ErrorText("The photo stays as it is", "We couldn’t turn it just now. Try again in a minute.")


@blueprint.get("/journal/photo/<id:photo_id>")
def show(photo_id: int) -> Response:
    """Send a photo, which no cache may keep."""
    with browser.visit() as visit:
        photo, person = _own(visit, photo_id), visit.person
    runtime = get_runtime()
    try:
        data = entry_photos.open_photo(runtime.keyring, runtime.storage, person, photo)
    except StorageError:
        return error_page(503)
    response = make_response(data)
    response.content_type = photo.content_type
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/journal/photo/<id:photo_id>/change")
def show_change(photo_id: int) -> str:
    """Show a photo, to turn or describe it."""
    return _change_page(photo_id)


@blueprint.post("/journal/photo/<id:photo_id>/describe")
def describe(photo_id: int) -> Response | tuple[str, int]:
    """Store what a photo shows, in the words of its owner."""
    typed = one_line(request.form.get(DESCRIPTION, ""))
    if len(typed) > LONGEST_DESCRIPTION:
        return _change_page(photo_id, typed), HTTPStatus.UNPROCESSABLE_ENTITY
    with browser.visit(writing=True) as visit:
        photo = _own(visit, photo_id)
        photo_changes.describe(visit.keyring, visit.person, photo, typed)
    return redirect(f"{entry_path(photo.entry_id)}?saved", code=303)


@blueprint.post("/journal/photo/<id:photo_id>/turn")
def turn(photo_id: int) -> Response:
    """Turn a photo by a quarter, to the left or to the right."""
    with browser.visit() as visit:
        photo, person = _own(visit, photo_id), visit.person
    runtime, quarters = get_runtime(), 3 if request.form.get("way") == "left" else 1
    try:
        data = entry_photos.open_photo(runtime.keyring, runtime.storage, person, photo)
        turned = uploads.get_uploader().turn(data, person, photo.content_mac, quarter_turns=quarters)
    except (PhotosBusyError, StorageError):
        turned = None
    if turned is None:
        return error_page(503, NOT_TURNED)
    with browser.visit(writing=True) as visit:
        there = Photo.find(visit.session, visit.person.id, photo_id)
        put = photo_changes.put_turned
        unneeded = put(visit.session, visit.keyring, visit.person, there, turned) if there else turned.stored_as
    entry_photos.remove_objects(runtime.storage, {unneeded})
    return redirect(f"/journal/photo/{turned.id}/change" if there else entry_path(photo.entry_id), code=303)


@blueprint.get("/journal/photo/<id:photo_id>/remove")
def show_remove(photo_id: int) -> str:
    """Ask whether to remove a photo."""
    with browser.visit() as visit:
        photo = _own(visit, photo_id)
        entry = visit.session.get_one(Entry, photo.entry_id)
        [opened] = entry_photos.open_photos(visit.keyring, visit.person, [photo])
    allow_photos()
    return page("photo_remove", photo=opened, entry=entry)


@blueprint.post("/journal/photo/<id:photo_id>/remove")
def remove(photo_id: int) -> Response:
    """Remove a photo, which its owner can put back for a day; an entry with nothing else is deleted with it."""
    with browser.visit(writing=True) as visit:
        entry = removed_photos.remove(visit.session, visit.keyring, visit.person, _own(visit, photo_id), now())
    return redirect(entry_path(entry.id), code=303)


@blueprint.post("/journal/photo/<id:photo_id>/put-back")
def put_back(photo_id: int) -> Response:
    """Put a removed photo back; one that is there already stays."""
    with browser.visit(writing=True) as visit:
        removed_photos.put_back(visit.session, visit.person, photo_id, now())
        photo = _own(visit, photo_id)
    return redirect(entry_path(photo.entry_id), code=303)


def _change_page(photo_id: int, typed: str = "") -> str:
    """Return the page to turn or describe a photo; `typed` is a description that is too long."""
    with browser.visit() as visit:
        photo = _own(visit, photo_id)
        entry = visit.session.get_one(Entry, photo.entry_id)
        [opened] = entry_photos.open_photos(visit.keyring, visit.person, [photo])
    allow_photos()
    errors = {DESCRIPTION: TOO_LONG} if typed else {}
    return page("photo_change", photo=opened, entry=entry, errors=errors, description=typed or opened.description)


def _own(visit: Visit, photo_id: int) -> Photo:
    """Return one of this person's photos; any other id has no page (404)."""
    photo = Photo.find(visit.session, visit.person.id, photo_id)
    if photo is None:
        abort(404)
    return photo
