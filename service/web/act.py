"""One named action on one thing, from one email's link; the page shows a button, the button acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from service.core.steps import StepState
from service.core.tokens import Action, ActToken
from service.flows import held, steps
from service.models import Entry, Reply, Step, Subscriber
from service.web import browser
from service.web.answering import said_by_email
from service.web.context import get_runtime, now, page, read_act_token
from service.web.errors import error_page
from service.web.steps import ANSWERS, read_state

blueprint = Blueprint("act", __name__)
STEP_ANSWERS = {state: words for state, words in ANSWERS.items() if state is not StepState.OPEN}


@blueprint.route("/act/<token>", methods=["GET", "POST"])
def act(token: str) -> Response | str:
    """Show what a link allows, and do it when the button is pressed."""
    known = read_act_token(token)
    if known is None:
        return error_page(404)
    if known.has_expired(now()):
        return error_page(410, again="/journal")
    done = _ACTS.get(known.action)
    return done(known) if done else error_page(404)


def _undo_entry(known: ActToken) -> Response:
    # Taking words back cannot be undone, and scanners press buttons: so that happens in the journal, signed in.
    return redirect(f"/journal/entry/{known.object_id}/delete", code=303)


def _claim(known: ActToken) -> Response:
    # The mail itself is shown there, so that too happens signed in.
    return redirect(f"/journal/held/{known.object_id}", code=303)


def _keep_out(known: ActToken) -> Response | str:
    browser.browser_hash()
    if request.method == "GET":
        with get_runtime().database.read() as rows:
            entry = Entry.of(rows, known.subscriber_id, known.object_id)
        return page("keep_out", is_there=entry is not None, is_kept_out=bool(entry and entry.is_kept_out))
    with get_runtime().database.write() as rows:
        entry = Entry.of(rows, known.subscriber_id, known.object_id)
        if entry is not None:
            entry.is_kept_out = True
    return redirect(request.path, code=303)


def _step(known: ActToken) -> Response | str:
    runtime = get_runtime()
    browser.browser_hash()
    if request.method == "GET":
        with runtime.database.read() as rows:
            return _step_page(rows, known)
    state = read_state()
    with runtime.database.write() as rows:
        person = Subscriber.locked(rows, known.subscriber_id)
        step = Step.of(rows, known.subscriber_id, known.object_id)
        if person and step:
            steps.answer(rows, person, step, state, now())
    return redirect(request.path, code=303)


def _step_page(rows: Session, known: ActToken) -> str:
    """Return the page of a step; of somebody discreet without its words, since their email quotes nothing."""
    person = rows.get(Subscriber, known.subscriber_id)
    step = Step.of(rows, known.subscriber_id, known.object_id)
    if person is None or step is None:
        return page("step", step=None, said=None, words="", answers={})
    [shown] = steps.opened(get_runtime().keyring, person, [step])
    said = None if shown.state is StepState.OPEN else said_by_email(f"step.{shown.state}")
    words = "" if person.is_discreet else shown.words
    return page("step", step=shown, said=said, words=words, answers=STEP_ANSWERS)


def _put_back(known: ActToken) -> Response | str:
    runtime = get_runtime()
    browser.browser_hash()
    if request.method == "GET":
        with runtime.database.read() as rows:
            reply = Reply.taken_back(rows, known.subscriber_id, known.object_id)
        return page("put_back", is_there=reply is not None)
    if held.put_back(runtime.door(), known.subscriber_id, known.object_id, now()):
        runtime.doorbell.receive([known.object_id])
    return redirect(request.path, code=303)


_ACTS: Mapping[Action, Callable[[ActToken], Response | str]] = {
    Action.UNDO_ENTRY: _undo_entry,
    Action.CLAIM_REPLY: _claim,
    Action.KEEP_OUT: _keep_out,
    Action.PUT_BACK: _put_back,
    Action.STEP: _step,
}
