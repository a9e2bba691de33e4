"""The page of small steps."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from service.core.journal.steps import LONGEST_STEP, StepState
from service.core.text.sentences import one_line
from service.flows.people.journal import steps
from service.models import Step, Subscriber, SubscriberStatus, Suppression
from service.web import browser
from service.web.browser import Visit
from service.web.context import now, page
from service.web.forms.idempotency import idempotent_id, new_form_key

blueprint = Blueprint("steps", __name__)
EMPTY = {"words": "Write a step first, or leave it for another day"}
TOO_LONG = {"words": f"Say it in {LONGEST_STEP} characters or fewer"}
GROUPS = {
    StepState.OPEN: "Still open",
    StepState.TAKEN: "Taken",
    StepState.NOT_YET: "Not yet",
    StepState.LET_GO: "Let go",
}
# The labels of the buttons by their answer; the last one is only shown for a step with an answer.
ANSWERS = {
    StepState.TAKEN: "Took it",
    StepState.NOT_YET: "Not yet",
    StepState.LET_GO: "Let it go",
    StepState.OPEN: "Leave it open",
}


@blueprint.get("/steps")
def show() -> str:
    """Show the person's steps, and a form for a new one."""
    with browser.visit() as visit:
        return _page(visit, "", {})


@blueprint.post("/steps")
def choose() -> Response | tuple[str, int]:
    """Choose a step, or show the errors."""
    typed = one_line(request.form.get("words", ""))
    errors = EMPTY if not typed else TOO_LONG if len(typed) > LONGEST_STEP else {}
    if errors:
        with browser.visit() as visit:
            return _page(visit, typed, errors), HTTPStatus.UNPROCESSABLE_ENTITY
    with browser.visit(writing=True) as visit:
        person = visit.person
        step_id = idempotent_id("step", person.id)
        steps.choose(visit.session, visit.keyring, person, typed, now=now(), step_id=step_id)
    return redirect("/steps?chosen", code=303)


@blueprint.post("/steps/<id:step_id>")
def answer(step_id: int) -> Response:
    """Record how a step went, which can be changed again."""
    state = read_state()
    with browser.visit(writing=True) as visit:
        steps.answer(visit.session, visit.person, _own(visit, step_id), state, now())
    return redirect(f"/steps#step-{step_id}", code=303)


@blueprint.get("/steps/<id:step_id>/remove")
def show_remove(step_id: int) -> str:
    """Ask whether to remove a step."""
    with browser.visit() as visit:
        [step] = steps.open_steps(visit.keyring, visit.person, [_own(visit, step_id)])
    return page("step_remove", step=step)


@blueprint.post("/steps/<id:step_id>/remove")
def remove(step_id: int) -> Response:
    """Remove a step permanently."""
    with browser.visit(writing=True) as visit:
        Step.remove(visit.session, visit.person.id, _own(visit, step_id).id)
    return redirect("/steps", code=303)


def read_state() -> StepState:
    """Return the answer of the pressed button; a form without an answer is refused (400)."""
    state = request.form.get("state", "")
    if state not in {*StepState}:
        abort(400)
    return StepState(state)


def _page(visit: Visit, typed: str, errors: dict[str, str]) -> str:
    found = steps.open_steps(visit.keyring, visit.person, Step.list_for(visit.session, visit.person.id))
    by_state = {state: [step for step in found if step.state == state] for state in GROUPS}
    return page(
        "steps",
        groups=[(state, GROUPS[state], some) for state, some in by_state.items() if some],
        answers=ANSWERS,
        typed=typed,
        errors=errors,
        once=new_form_key(),
        is_chosen="chosen" in request.args and bool(by_state[StepState.OPEN]),
        is_written_to=_is_written_to(visit, visit.person),
        longest=LONGEST_STEP,
    )


def _is_written_to(visit: Visit, person: Subscriber) -> bool:
    """Return whether the person would get the email about a step, as things are now."""
    return person.status == SubscriberStatus.ACTIVE and not Suppression.covers(visit.session, person.address_hash)


def _own(visit: Visit, step_id: int) -> Step:
    """Return one of this person's steps; any other id has no page (404)."""
    step = Step.find(visit.session, visit.person.id, step_id)
    if step is None:
        abort(404)
    return step
