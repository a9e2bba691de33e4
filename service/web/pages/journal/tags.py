"""Tags: all of them, one to rename or remove, and those of an entry. No URL has the word itself."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from service.core.journal.tags import LONGEST_TAG, MOST_TAGS, is_tag, typed_tags
from service.flows.people.journal import journal, tags
from service.flows.people.journal.tags import Tag
from service.web import browser
from service.web.browser import Visit
from service.web.context import page
from service.web.pages.journal.shown_entries import own_entry

blueprint = Blueprint("tags", __name__)
NO_TAG = "Enter one word, like garden, with letters or numbers and no spaces"
TOO_MANY = f"Enter at most {MOST_TAGS} tags"


@blueprint.get("/journal/tags")
def show_all() -> str:
    """Show all tags of the journal."""
    with browser.visit() as visit:
        found = tags.list_tags(visit.session, visit.keyring, visit.person)
    return page("tags", tags=found, is_removed="removed" in request.args)


@blueprint.get("/journal/tags/<tag_key>")
def show(tag_key: str) -> str:
    """Show a tag, and the forms that rename and remove it."""
    with browser.visit() as visit:
        tag = _own(visit, tag_key)
    return _page(tag)


@blueprint.post("/journal/tags/<tag_key>/rename")
def rename(tag_key: str) -> Response | tuple[str, int]:
    """Rename a tag; if there is a tag with the new name, the two become one."""
    typed = request.form.get("name", "")
    words = typed_tags(typed)
    with browser.visit(writing=True) as visit:
        tag = _own(visit, tag_key)
        if len(words) != 1 or not is_tag(words[0]):
            return _page(tag, typed, {"name": NO_TAG}), HTTPStatus.UNPROCESSABLE_ENTITY
        new = tags.rename_tag(visit.session, visit.keyring, visit.person, tag, words[0])
    return redirect(f"/journal/tags/{new.key}?renamed", code=303)


@blueprint.get("/journal/tags/<tag_key>/remove")
def show_remove(tag_key: str) -> str:
    """Ask whether to remove a tag."""
    with browser.visit() as visit:
        return page("tag_remove", tag=_own(visit, tag_key))


@blueprint.post("/journal/tags/<tag_key>/remove")
def remove(tag_key: str) -> Response:
    """Remove a tag from every entry; their words stay as they are."""
    with browser.visit(writing=True) as visit:
        tags.remove_tag(visit.session, visit.keyring, visit.person, _own(visit, tag_key))
    return redirect("/journal/tags?removed", code=303)


@blueprint.get("/journal/entry/<id:entry_id>/tags")
def show_change(entry_id: int) -> str:
    """Show the form with an entry's tags."""
    return _change_page(entry_id)


@blueprint.post("/journal/entry/<id:entry_id>/tags")
def change(entry_id: int) -> Response | tuple[str, int]:
    """Add to an entry the tags that were typed, and remove those that were deleted from the field."""
    typed, before = request.form.get("tags", ""), request.form.get("before", "")
    words = typed_tags(typed)
    if errors := _errors(words):
        return _change_page(entry_id, typed, before, errors), HTTPStatus.UNPROCESSABLE_ENTITY
    with browser.visit(writing=True) as visit:
        tags.change_tags(visit.keyring, visit.person, own_entry(visit, entry_id), typed_tags(before), words)
    return redirect(f"/journal/entry/{entry_id}?tagged", code=303)


def _change_page(
    entry_id: int,
    typed: str | None = None,
    before: str | None = None,
    errors: Mapping[str, str] = MappingProxyType({}),
) -> str:
    with browser.visit() as visit:
        [opened] = journal.open_entries(visit.keyring, visit.person, [own_entry(visit, entry_id)])
    stored = " ".join(f"#{tag}" for tag in opened.tags)
    shown = stored if typed is None else typed
    return page("entry_tags", entry=opened, typed=shown, before=stored if before is None else before, errors=errors)


def _errors(words: tuple[str, ...]) -> dict[str, str]:
    wrong = next((word for word in words if not is_tag(word)), None)
    if wrong is not None:
        return {"tags": f"“{wrong[:LONGEST_TAG]}” can’t be a tag. A tag is one word with letters in it, like garden"}
    return {"tags": TOO_MANY} if len(words) > MOST_TAGS else {}


def _page(tag: Tag, typed: str | None = None, errors: Mapping[str, str] = MappingProxyType({})) -> str:
    is_renamed = "renamed" in request.args
    return page("tag", tag=tag, typed=tag.name if typed is None else typed, errors=errors, is_renamed=is_renamed)


def _own(visit: Visit, tag_key: str) -> Tag:
    """Return one of this person's tags; any other key has no page (404)."""
    found = tags.find_tag(visit.session, visit.keyring, visit.person, tag_key)
    if found is None:
        abort(404)
    return found
