"""Writing on a page: free, in answer to a question, or by a link in an email without signing in."""

from __future__ import annotations

import secrets

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.journal import read_asked_object
from service.core.prompts import Prompt
from service.core.schedule import writing_date
from service.core.tokens import Action, ActToken
from service.db import ID_BITS
from service.flows import journal
from service.models import Subscriber
from service.web import browser
from service.web.choosing import keep_step
from service.web.context import get_runtime, hashed, now, page, read_act_token
from service.web.errors import error_page

blueprint = Blueprint("writing", __name__)
UNPROCESSABLE = 422
EMPTY = {"words": "Write a word or two, or leave it for today"}
SOURCE = "page"


@blueprint.get("/write")
def show() -> str:
    """Show an empty page."""
    with browser.visit():
        return page("write", prompt=None, once=once_key(), errors={})


@blueprint.post("/write")
def keep() -> Response | tuple[str, int]:
    """Keep what was written, on today's page of the journal."""
    prompt = get_runtime().library.get(request.form.get("prompt", ""))
    words = _words()
    if not words:
        with browser.visit():
            return page("write", prompt=prompt, once=once_key(), errors=EMPTY), UNPROCESSABLE
    with browser.visit(writing=True) as visit:
        person = visit.person
        entry = journal.keep_entry(
            visit.session,
            visit.keyring,
            person,
            words=words,
            written_on=writing_date(now(), person.zone),
            prompt_id=prompt.id if prompt else None,
            source=SOURCE,
            now=now(),
            entry_id=_entry_id(person.id),
        )
        keep_step(visit.session, person, entry)
    return redirect(f"/journal/{entry.written_on}", code=303)


@blueprint.route("/write/<token>", methods=["GET", "POST"])
def answer(token: str) -> Response | str | tuple[str, int]:
    """Show the question of an email with room to write; keep what is written on the day it was asked."""
    act = read_act_token(token)
    if act is None or act.action is not Action.WRITE:
        return error_page(404)
    if act.has_expired(now()):
        return error_page(410, again="/sign-in")
    key, _ = read_asked_object(act.object_id)
    prompt = get_runtime().library.by_key(key)
    words = _words()
    if request.method == "POST" and words:
        return _keep_answer(act, prompt, words)
    errors = EMPTY if request.method == "POST" else {}
    shown = page("write", prompt=prompt, once=once_key(), errors=errors)
    return (shown, UNPROCESSABLE) if errors else shown


def once_key() -> str:
    """Return what makes one form one entry, however often its button is pressed."""
    return secrets.token_urlsafe(12)


def _keep_answer(act: ActToken, prompt: Prompt | None, words: str) -> Response | str:
    runtime = get_runtime()
    with runtime.database.write() as rows:
        person = Subscriber.locked(rows, act.subscriber_id)
        if person is None:
            return error_page(410)
        entry = journal.keep_entry(
            rows,
            runtime.keyring,
            person,
            words=words,
            written_on=read_asked_object(act.object_id)[1],
            prompt_id=prompt.id if prompt else None,
            source=SOURCE,
            now=now(),
            entry_id=_entry_id(person.id),
        )
        keep_step(rows, person, entry)
    return page("kept")


def _words() -> str:
    """Return what was typed, with one kind of line end and no empty lines around it."""
    return request.form.get("words", "").replace("\r\n", "\n").replace("\r", "\n").strip()


def _entry_id(person_id: int) -> int:
    """Return the id of the entry that a form makes: the same for the same form of the same person."""
    once = request.form.get("once") or once_key()
    return int.from_bytes(hashed("entry", f"{person_id} {once}")[:8], "big") >> (64 - ID_BITS) or 1
