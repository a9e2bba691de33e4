"""A photo of the journal, for its owner only, and removing it."""

from __future__ import annotations

from flask import Blueprint, abort, make_response, redirect
from werkzeug.wrappers import Response

from service.flows.people import entry_photos
from service.models import Entry, Photo
from service.storage import StorageError
from service.web import browser
from service.web.browser import Visit
from service.web.context import get_runtime, page
from service.web.errors import error_page
from service.web.security import allow_photos

blueprint = Blueprint("photos", __name__)


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


@blueprint.get("/journal/photo/<id:photo_id>/remove")
def show_remove(photo_id: int) -> str:
    """Ask whether to remove a photo."""
    with browser.visit() as visit:
        photo = _own(visit, photo_id)
        entry = visit.session.get_one(Entry, photo.entry_id)
    allow_photos()
    return page("photo_remove", photo=photo, entry=entry)


@blueprint.post("/journal/photo/<id:photo_id>/remove")
def remove(photo_id: int) -> Response:
    """Delete a photo permanently; an entry with nothing else is deleted too."""
    with browser.visit(writing=True) as visit:
        removed = entry_photos.remove(visit.session, visit.keyring, visit.person, _own(visit, photo_id))
    entry_photos.remove_objects(get_runtime().storage, {removed.name})
    if removed.entry_is_left:
        return redirect(f"/journal/entry/{removed.entry_id}", code=303)
    return redirect(f"/journal/{removed.written_on:%Y-%m}", code=303)


def _own(visit: Visit, photo_id: int) -> Photo:
    """Return one of this person's photos; any other id has no page (404)."""
    photo = Photo.find(visit.session, visit.person.id, photo_id)
    if photo is None:
        abort(404)
    return photo
