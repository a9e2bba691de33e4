"""Writing on a page: freely, in answer to a question, or by a link without signing in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from http import HTTPStatus
from types import MappingProxyType

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.entry_text import read_write_link_object
from service.core.library.prompts import Prompt
from service.core.schedule import local_date, writing_date
from service.core.tokens import Action, ActToken
from service.flows.people import journal
from service.models import Entry, Subscriber
from service.web import browser, forms
from service.web.context import get_runtime, now, page, read_act_token
from service.web.errors import ErrorText, error_page
from service.web.forms import typed_words
from service.web.idempotency import idempotent_id, new_form_key
from service.web.pages.journal import prompt_options
from service.web.pages.journal.chosen_steps import chosen_step, keep_step

blueprint = Blueprint("writing", __name__)
EMPTY = {"words": "Write something first, or leave it for today"}
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
        return _free_page(visit.person, on if isinstance(on, date) else None)


@blueprint.post("/write")
def keep() -> Response | tuple[str, int]:
    """Add the written entry to today's page of the journal, or to that of the chosen day."""
    prompt = get_runtime().library.get(request.form.get("prompt", ""))
    words = typed_words()
    with browser.visit(writing=True) as visit:
        person = visit.person
        on = _written_on(person, request.form)
        if not words or isinstance(on, forms.FormErrors):
            errors = {**({} if words else EMPTY), **(on.by_field if isinstance(on, forms.FormErrors) else {})}
            again = _free_page(person, None if isinstance(on, forms.FormErrors) else on, prompt, errors, words)
            return again, HTTPStatus.UNPROCESSABLE_ENTITY
        entry = journal.add_entry(
            visit.session,
            visit.keyring,
            person,
            journal.NewEntry(
                words=words,
                written_on=on,
                prompt_id=prompt.id if prompt else None,
                source=SOURCE,
                entry_id=idempotent_id("entry", person.id),
            ),
            now(),
        )
        keep_step(visit.session, person, entry)
    return redirect(f"/journal/entry/{entry.id}?kept", code=303)


@blueprint.get("/write/<token>")
def show_answer(token: str) -> Response | str:
    """Show the question of an email, and a form to answer it."""
    link = _read_token(token)
    if isinstance(link, Response):
        return link
    return _answer_page(_asked(link), {})


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
    return _answer_page(prompt, EMPTY), HTTPStatus.UNPROCESSABLE_ENTITY


def _answer_page(prompt: Prompt | None, errors: Mapping[str, str]) -> str:
    options = prompt_options.PROMPT_OPTIONS
    return page("write", prompt=prompt, once=new_form_key(), errors=errors, wishes=options, words="", days=None)


def _written_on(person: Subscriber, typed: forms.Typed) -> date | forms.FormErrors:
    usual, last = writing_date(now(), person.zone), local_date(now(), person.zone)
    return forms.read_written_on(typed, usual=usual, last=last)


def _free_page(
    person: Subscriber,
    on: date | None,
    prompt: Prompt | None = None,
    errors: Mapping[str, str] = MappingProxyType({}),
    words: str = "",
) -> str:
    """Return the page to write on, for a day or for today; `words` were typed before."""
    today = writing_date(now(), person.zone)
    days = {"on": on or today, "today": today, "last": local_date(now(), person.zone)}
    shown_days = None if prompt else days
    return page("write", prompt=prompt, once=new_form_key(), errors=errors, wishes=(), words=words, days=shown_days)


def _read_token(token: str) -> ActToken | Response:
    """Return the token of a link, or the page that says why the link is not valid."""
    link = read_act_token(token)
    if link is None or link.action is not Action.WRITE:
        return error_page(404)
    if link.has_expired(now()):
        return error_page(410, again="/sign-in")
    return link


def _asked(token: ActToken) -> Prompt | None:
    key, _ = read_write_link_object(token.object_id)
    return get_runtime().library.by_key(key)


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
                entry_id=idempotent_id("entry", person.id),
            ),
            now(),
        )
        keep_step(session, person, entry)
        chosen = chosen_step(session, person, entry.id)
    return page("kept", prompt=prompt, words=words, chosen=chosen)
