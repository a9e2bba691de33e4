"""Writing on a page: freely, in answer to a question, or by a link without signing in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from http import HTTPStatus
from types import MappingProxyType

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.access.tokens import Action, ActToken
from service.core.journal.entry_text import read_write_link_object
from service.core.library.own_question import own_id_of
from service.core.library.prompts import Prompt
from service.core.settings.schedule import local_date, writing_date
from service.flows.people.journal import journal
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal.photos.photo_upload import UploadedPhotos
from service.flows.people.settings import own_questions
from service.models import Entry, Subscriber
from service.web import browser
from service.web.browser import Visit
from service.web.context import get_runtime, now, page, read_act_token
from service.web.errors import ErrorText, error_page
from service.web.forms import forms, uploads
from service.web.forms.forms import typed_words
from service.web.forms.idempotency import idempotent_id, new_form_key
from service.web.pages.journal.shown_entries import question_of
from service.web.pages.writing import drafts, prompt_options
from service.web.pages.writing.chosen_steps import chosen_step, keep_step
from service.web.pages.writing.drafts import ShownDraft

blueprint = Blueprint("writing", __name__)
EMPTY = {"words": "Write something first, or leave it for today"}
NO_PHOTO = "That isn’t a photo we can keep. Choose a JPEG, PNG, GIF, WebP or HEIC"
CHOOSE_AGAIN = "Choose your photos again, since a page can’t hold on to them"
SOURCE, BY_LINK = "page", "link"
# A link needs no sign-in and may be forwarded, so it can add at most what a person writes in a day.
ENTRIES_A_DAY, BYTES_A_DAY = 20, 256 * 1024
TOO_MUCH = ErrorText(
    "That’s a lot for one day",
    "This link has taken as much as it can today. Your words are below: sign in to your journal to keep them.",
)


@blueprint.get("/write")
def show() -> str:
    """Show an empty page, for today or for the day in the URL."""
    with browser.visit() as visit:
        on = _written_on(visit.person, request.args)
        day = on if isinstance(on, date) else writing_date(now(), visit.person.zone)
        return _free_page(visit.person, day, draft=drafts.shown_draft(visit, day))


@blueprint.post("/write")
def keep() -> Response | tuple[str, int]:
    """Add what was written, with its photos, to today's page of the journal, or to that of the chosen day."""
    words, files = typed_words(), uploads.chosen_files()
    with browser.visit() as visit:
        person, entry_id = visit.person, _entry_id(visit.person.id, words, files)
        prompt = question_of(visit, request.form.get("prompt"))
        is_kept = Entry.find(visit.session, person.id, entry_id) is not None
    if is_kept:
        return redirect(_kept_at(entry_id), code=303)
    on = _written_on(person, request.form)
    if "draft" in request.form and isinstance(on, date):
        with browser.visit(writing=True) as visit:
            drafts.save_draft(visit, on, words)
        return redirect(f"/write?written_on={on}&drafted", code=303)
    photos = _uploaded(person, words, files, on)
    if isinstance(on, forms.FormErrors) or isinstance(photos, forms.FormErrors):
        errors = photos.by_field if isinstance(photos, forms.FormErrors) else {}
        again = _free_page(person, None if isinstance(on, forms.FormErrors) else on, prompt, errors, words)
        return again, HTTPStatus.UNPROCESSABLE_ENTITY
    new = journal.NewEntry(
        words=words, written_on=on, prompt_id=prompt.id if prompt else None, source=SOURCE, entry_id=entry_id
    )
    with browser.visit(writing=True) as visit:
        spare = _keep_entry(visit, new, photos)
    entry_photos.remove_objects(get_runtime().storage, spare)
    return redirect(_kept_at(entry_id, all_kept=photos.all_kept), code=303)


@blueprint.get("/write/<token>")
def show_answer(token: str) -> Response | str:
    """Show the question of an email, and a form to answer it."""
    link = _read_token(token)
    if isinstance(link, Response):
        return link
    return _answer_page(_shown_question(link), {})


@blueprint.post("/write/<token>")
def answer(token: str) -> Response | str | tuple[str, int]:
    """Add the answer to the day of the question; other buttons request another question, or none."""
    link = _read_token(token)
    if isinstance(link, Response):
        return link
    words, wish = typed_words(), prompt_options.requested_option()
    if wish is not None:
        return prompt_options.grant_option(
            link.subscriber_id, wish, words=words, once=request.form.get("once") or new_form_key()
        )
    prompt = _asked(link)
    if words:
        return _keep_answer(link, prompt, words)
    return _answer_page(_shown_question(link), EMPTY), HTTPStatus.UNPROCESSABLE_ENTITY


def _answer_page(prompt: Prompt | None, errors: Mapping[str, str]) -> str:
    options = prompt_options.PROMPT_OPTIONS
    return page(
        "write",
        prompt=prompt,
        once=new_form_key(),
        errors=errors,
        wishes=options,
        words="",
        days=None,
        takes_photos=False,
    )


def _written_on(person: Subscriber, typed: forms.Typed) -> date | forms.FormErrors:
    usual, last = writing_date(now(), person.zone), local_date(now(), person.zone)
    return forms.read_written_on(typed, usual=usual, last=last)


def _free_page(
    person: Subscriber,
    on: date | None,
    prompt: Prompt | None = None,
    errors: Mapping[str, str] = MappingProxyType({}),
    words: str = "",
    *,
    draft: ShownDraft | None = None,
) -> str:
    """Return the page to write on, for a day or for today; `words` were typed before, or else stand in the draft."""
    today = writing_date(now(), person.zone)
    days = {"on": on or today, "today": today, "last": local_date(now(), person.zone)}
    shown_days = None if prompt else days
    if draft is None:
        seen = drafts.seen_draft(days["on"])
        draft = ShownDraft(seen.on, seen.key)
    return page(
        "write",
        prompt=prompt,
        once=new_form_key(),
        errors=errors,
        wishes=(),
        words=words or draft.words,
        days=shown_days,
        takes_photos=True,
        draft=draft,
        was_drafted="drafted" in request.args,
    )


def _entry_id(person_id: int, words: str, files: Sequence[bytes] = ()) -> int:
    """Return the id of the entry of this request's form; words or photos that were changed since make another entry."""
    return idempotent_id("entry", person_id, words.encode("utf-8", "surrogatepass"), *files)


def _uploaded(
    person: Subscriber, words: str, files: Sequence[bytes], on: date | forms.FormErrors
) -> UploadedPhotos | forms.FormErrors:
    """Return the photos of this request's form, or all that is wrong with the form: then no photo was stored."""
    errors = {**({} if words or files else EMPTY), **(on.by_field if isinstance(on, forms.FormErrors) else {})}
    if errors:
        return forms.FormErrors({**errors, **({uploads.FIELD: CHOOSE_AGAIN} if files else {})})
    photos = uploads.upload(files, person)
    if isinstance(photos, forms.FormErrors):
        return photos
    return photos if words or photos.photos else forms.FormErrors({uploads.FIELD: NO_PHOTO})


def _keep_entry(visit: Visit, new: journal.NewEntry, photos: UploadedPhotos) -> set[str]:
    """Add an entry with its photos; return the objects that are not needed since the same form was here before."""
    if Entry.find(visit.session, visit.person.id, new.entry_id or 0) is not None:
        return photos.names
    entry = journal.add_entry(visit.session, visit.keyring, visit.person, new, now())
    entry_photos.keep(visit.session, entry, photos.photos, now())
    drafts.drop_draft(visit, new.written_on)
    keep_step(visit.session, visit.person, entry)
    return set()


def _kept_at(entry_id: int, *, all_kept: bool = True) -> str:
    return f"/journal/entry/{entry_id}?kept" + ("" if all_kept else "&refused")


def _read_token(token: str) -> ActToken | Response:
    """Return the token of a link, or the page that says why the link is not valid."""
    link = read_act_token(token)
    if link is None or link.action is not Action.WRITE:
        return error_page(404)
    if link.has_expired(now()):
        return error_page(410, again="/sign-in")
    return link


def _asked(token: ActToken) -> Prompt | None:
    runtime, (key, _) = get_runtime(), read_write_link_object(token.object_id)
    with runtime.database.read() as session:
        person = session.get(Subscriber, token.subscriber_id)
        if person is None:
            return None
        return own_questions.prompt_with_key(session, runtime.keyring, runtime.library, person, key)


def _shown_question(token: ActToken) -> Prompt | None:
    """Return the question of a link for its page.

    In discreet mode the email does not quote the person's own question, so whoever has the link does not see it either:
    that needs a sign-in.
    """
    prompt = _asked(token)
    if prompt is None or own_id_of(prompt.id) is None:
        return prompt
    with get_runtime().database.read() as session:
        is_discreet = session.get_one(Subscriber, token.subscriber_id).is_discreet
    if not is_discreet:
        return prompt
    with browser.visit() as visit:
        return prompt if visit.person.id == token.subscriber_id else None


def _keep_answer(token: ActToken, prompt: Prompt | None, words: str) -> Response | str:
    runtime = get_runtime()
    with runtime.database.write() as session:
        person = Subscriber.locked(session, token.subscriber_id)
        if person is None:
            return error_page(410)
        count, size = Entry.written_since(session, person.id, BY_LINK, now() - timedelta(days=1))
        if count >= ENTRIES_A_DAY or size + len(words.encode("utf-8", "surrogatepass")) > BYTES_A_DAY:
            return error_page(429, TOO_MUCH, lost=words, again="/sign-in")
        entry = journal.add_entry(
            session,
            runtime.keyring,
            person,
            journal.NewEntry(
                words=words,
                written_on=read_write_link_object(token.object_id)[1],
                prompt_id=prompt.id if prompt else None,
                source=BY_LINK,
                entry_id=_entry_id(person.id, words),
            ),
            now(),
        )
        keep_step(session, person, entry)
        chosen = chosen_step(session, person, entry.id)
    return page("kept", prompt=prompt, words=words, chosen=chosen)
