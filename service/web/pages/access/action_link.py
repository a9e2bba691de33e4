"""Links in emails that allow one action: a page with a button, and the button."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.access.tokens import Action, ActToken
from service.core.journal.steps import StepState
from service.flows.incoming.held import held, set_aside
from service.flows.people.addresses import aliases
from service.flows.people.journal import steps
from service.models import Entry, Reply, Step, Subscriber
from service.web import browser
from service.web.context import get_runtime, now, page, read_act_token
from service.web.errors import error_page
from service.web.pages.addresses import change_address
from service.web.pages.desk.take_back_letter import show_take_back, take_back_letter
from service.web.pages.email_texts import said_by_email
from service.web.pages.journal.steps import ANSWERS, read_state
from service.web.pages.writing import chosen_steps

blueprint = Blueprint("act", __name__)
STEP_ANSWERS = {state: words for state, words in ANSWERS.items() if state is not StepState.OPEN}


@blueprint.get("/act/<token>")
def show(token: str) -> Response | str:
    """Show what a link allows, with the button that does it; showing changes nothing."""
    return _answer(token, _PAGES)


@blueprint.post("/act/<token>")
def act(token: str) -> Response | str:
    """Do what a link allows."""
    return _answer(token, _ACTS)


def _answer(token: str, views: Mapping[Action, Callable[[ActToken], Response | str]]) -> Response | str:
    known = read_act_token(token)
    if known is None:
        return error_page(404)
    if known.has_expired(now()):
        return error_page(410, again="/journal")
    browser.browser_hash()
    view = views.get(known.action)
    return view(known) if view else error_page(404)


def _show_undo_entry(known: ActToken) -> Response:
    # Deleting words cannot be undone, and mail scanners press buttons, so this needs a sign-in.
    return redirect(f"/journal/entry/{known.object_id}/delete", code=303)


def _show_claim(known: ActToken) -> Response:
    # The held mail itself is shown there, so this needs a sign-in too.
    return redirect(f"/journal/held/{known.object_id}", code=303)


def _show_send_on(known: ActToken) -> Response:
    # An email cannot be taken back, and the page shows words and an address: so that happens signed in.
    return redirect(f"/journal/entry/{known.object_id}/send-on", code=303)


def _show_keep_out(known: ActToken) -> str:
    with get_runtime().database.read() as session:
        entry = Entry.find(session, known.subscriber_id, known.object_id)
    return page("keep_out", is_there=entry is not None, is_kept_out=bool(entry and entry.is_kept_out))


def _keep_out(known: ActToken) -> Response:
    with get_runtime().database.write() as session:
        entry = Entry.find(session, known.subscriber_id, known.object_id)
        if entry is not None:
            entry.is_kept_out = True
    return redirect(request.path, code=303)


def _show_step(known: ActToken) -> str:
    """Return the page of a step; in discreet mode without its words, since the email quotes nothing."""
    with get_runtime().database.read() as session:
        person = session.get(Subscriber, known.subscriber_id)
        step = Step.find(session, known.subscriber_id, known.object_id)
    if person is None or step is None:
        return page("step", step=None, said=None, words="", answers={})
    [shown] = steps.open_steps(get_runtime().keyring, person, [step])
    said = None if shown.state is StepState.OPEN else said_by_email(f"step.{shown.state}")
    words = "" if person.is_discreet else shown.words
    return page("step", step=shown, said=said, words=words, answers=STEP_ANSWERS)


def _answer_step(known: ActToken) -> Response:
    state = read_state()
    with get_runtime().database.write() as session:
        person = Subscriber.locked(session, known.subscriber_id)
        step = Step.find(session, known.subscriber_id, known.object_id)
        if person and step:
            steps.answer(session, person, step, state, now())
    return redirect(request.path, code=303)


def _show_not_a_step(known: ActToken) -> str:
    """Return the page of the step that a reply chose; in discreet mode without its words, as in the email."""
    with get_runtime().database.read() as session:
        person = session.get(Subscriber, known.subscriber_id)
        entry = Entry.find(session, known.subscriber_id, known.object_id)
        if person is None or entry is None:
            return page("not_a_step", state="gone")
        step = Step.find_by_entry(session, entry.id)
        if step is None:
            return page("not_a_step", state="none" if chosen_steps.step_in(person, entry) else "gone")
        [shown] = steps.open_steps(get_runtime().keyring, person, [step])
    words = "" if person.is_discreet else shown.words
    return page("not_a_step", state="open" if step.state == StepState.OPEN else "answered", words=words)


def _decide_not_a_step(known: ActToken) -> Response:
    with get_runtime().database.write() as session:
        person = Subscriber.locked(session, known.subscriber_id)
        entry = Entry.find(session, known.subscriber_id, known.object_id)
        if person and entry and request.form.get("step") == "yes":
            chosen_steps.keep_step(session, person, entry)
        elif person and entry:
            steps.not_a_step(session, person, Step.find_by_entry(session, entry.id))
    return redirect(request.path, code=303)


def _show_put_back(known: ActToken) -> str:
    with get_runtime().database.read() as session:
        reply = Reply.find_restorable(session, known.subscriber_id, known.object_id)
    return page("put_back", is_there=reply is not None)


def _put_back(known: ActToken) -> Response:
    runtime = get_runtime()
    if held.restore(runtime.inbound_store(), known.subscriber_id, known.object_id, now()):
        runtime.job_queue.enqueue_replies([known.object_id])
    return redirect(request.path, code=303)


def _show_set_aside(known: ActToken) -> str:
    """Return the page of what was set aside in a reply; in discreet mode without the words, as in the email."""
    runtime = get_runtime()
    with runtime.database.read() as session:
        found = set_aside.look(session, runtime.keyring, known.subscriber_id, known.object_id)
    return page("set_aside", found=found)


def _decide_set_aside(known: ActToken) -> Response:
    runtime = get_runtime()
    if request.form.get("choice") == "leave_out":
        with runtime.database.write() as session:
            set_aside.leave_out(session, known.subscriber_id, known.object_id, now())
    elif set_aside.keep(runtime.inbound_store(), known.subscriber_id, known.object_id, now()):
        runtime.job_queue.enqueue_replies([known.object_id])
    return redirect(request.path, code=303)


def _show_alias(known: ActToken) -> Response | str:
    # This needs a sign-in, so that adding an alias needs both mailboxes, and no mail scanner can press the button.
    with browser.visit() as visit:
        if visit.person.id != known.subscriber_id:
            return error_page(404)
        standing = aliases.look(visit.session, visit.keyring, visit.person, known.object_id)
    return page("alias", standing=standing.name.lower())


def _confirm_alias(known: ActToken) -> Response:
    with browser.visit(writing=True) as visit:
        if visit.person.id != known.subscriber_id:
            return error_page(404)
        done = aliases.confirm(visit.session, visit.keyring, visit.person, known.object_id, now())
    get_runtime().job_queue.enqueue_deliveries(done.delivery_ids)
    return redirect(request.path, code=303)


_PAGES: Mapping[Action, Callable[[ActToken], Response | str]] = {
    Action.UNDO_ENTRY: _show_undo_entry,
    Action.CLAIM_REPLY: _show_claim,
    Action.KEEP_OUT: _show_keep_out,
    Action.PUT_BACK: _show_put_back,
    Action.STEP: _show_step,
    Action.CONFIRM_ALIAS: _show_alias,
    Action.KEEP_SET_ASIDE: _show_set_aside,
    Action.NOT_A_STEP: _show_not_a_step,
    Action.SEND_ON: _show_send_on,
    Action.CONFIRM_ADDRESS: change_address.show_confirm,
    Action.TAKE_BACK_ADDRESS: change_address.show_take_back,
    Action.TAKE_BACK_LETTER: show_take_back,
}
_ACTS: Mapping[Action, Callable[[ActToken], Response | str]] = {
    Action.KEEP_OUT: _keep_out,
    Action.PUT_BACK: _put_back,
    Action.STEP: _answer_step,
    Action.CONFIRM_ALIAS: _confirm_alias,
    Action.KEEP_SET_ASIDE: _decide_set_aside,
    Action.NOT_A_STEP: _decide_not_a_step,
    Action.CONFIRM_ADDRESS: change_address.confirm,
    Action.TAKE_BACK_ADDRESS: change_address.take_back,
    Action.TAKE_BACK_LETTER: take_back_letter,
}
