"""The page of own questions: writing one, changing and removing it; and the questions that come again, or never."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from service.flows.people.settings import own_questions, question_wishes
from service.flows.people.settings.own_questions import MOST_CHARACTERS, NotKept
from service.flows.people.settings.question_wishes import Wish
from service.models import OwnQuestion
from service.web import browser
from service.web.browser import Visit
from service.web.context import get_runtime, now, page

blueprint = Blueprint("own_questions", __name__)
PATH = "/settings/questions"
_PROBLEMS = {
    NotKept.EMPTY: "Write a question first",
    NotKept.TOO_LONG: "Make it shorter: two or three lines are enough",
    NotKept.TOO_MANY: "There’s no room for another one. Remove one that you don’t need",
}
_DONE = {
    "added": "Your question is saved. It’ll come in its turn, among the others.",
    "changed": "Your question is changed.",
    "removed": "We won’t ask that one any more. What you wrote in answer stays in your journal.",
    "usual": "That question will come in its turn again, like any other.",
}


@blueprint.get(PATH)
def show() -> str:
    """Show the own questions, and those of the library that come again, or never."""
    with browser.visit() as visit:
        return _page(visit)


@blueprint.post(PATH)
def add() -> Response | tuple[str, int]:
    """Keep a question, or say what is wrong with it."""
    typed = request.form.get("words", "")
    with browser.visit(writing=True) as visit:
        done = own_questions.add(visit.session, visit.keyring, visit.person, typed, now())
    if not isinstance(done, NotKept):
        return redirect(f"{PATH}?added", code=303)
    with browser.visit() as visit:
        return _page(visit, _PROBLEMS[done], typed), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.get(f"{PATH}/<id:question_id>")
def show_one(question_id: int) -> str:
    """Show the form with the words of a question."""
    with browser.visit() as visit:
        return page("own_question", question=_question(visit, question_id), error="", longest=MOST_CHARACTERS)


@blueprint.post(f"{PATH}/<id:question_id>")
def change(question_id: int) -> Response | tuple[str, int]:
    """Change the words of a question, or say what is wrong with them."""
    typed = request.form.get("words", "")
    with browser.visit(writing=True) as visit:
        row = _own(visit, question_id)
        done = own_questions.change(visit.session, visit.keyring, visit.person, row, typed)
    if not isinstance(done, NotKept):
        return redirect(f"{PATH}?changed", code=303)
    question = own_questions.OpenQuestion(question_id, typed)
    again = page("own_question", question=question, error=_PROBLEMS[done], longest=MOST_CHARACTERS)
    return again, HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.get(f"{PATH}/<id:question_id>/remove")
def show_remove(question_id: int) -> str:
    """Ask whether to remove a question."""
    with browser.visit() as visit:
        return page("own_question_remove", question=_question(visit, question_id))


@blueprint.post(f"{PATH}/<id:question_id>/remove")
def remove(question_id: int) -> Response:
    """Remove a question; one that is not listed any more is removed already."""
    with browser.visit(writing=True) as visit:
        row = OwnQuestion.find(visit.session, visit.person.id, question_id)
        if row is not None:
            own_questions.remove(visit.session, visit.person, row)
    return redirect(f"{PATH}?removed", code=303)


@blueprint.post(f"{PATH}/usual")
def usual() -> Response:
    """Let a question come in its turn again."""
    with browser.visit(writing=True) as visit:
        wished = question_wishes.wished_questions(visit.session, visit.keyring, get_runtime().library, visit.person)
        for each in wished:
            if each.prompt.id == request.form.get("prompt"):
                question_wishes.record(visit.session, visit.person, each.prompt, Wish.USUAL, now())
    return redirect(f"{PATH}?usual", code=303)


def _page(visit: Visit, error: str = "", typed: str = "") -> str:
    wished = question_wishes.wished_questions(visit.session, visit.keyring, get_runtime().library, visit.person)
    return page(
        "own_questions",
        questions=own_questions.open_questions(visit.session, visit.keyring, visit.person),
        again=[each for each in wished if each.again_on],
        never=[each for each in wished if not each.again_on],
        errors={"words": error} if error else {},
        typed=typed,
        longest=MOST_CHARACTERS,
        done=" ".join(words for name, words in _DONE.items() if name in request.args),
    )


def _own(visit: Visit, question_id: int) -> OwnQuestion:
    """Return one of this person's questions; any other id has no page (404)."""
    row = OwnQuestion.find(visit.session, visit.person.id, question_id)
    if row is None:
        abort(404)
    return row


def _question(visit: Visit, question_id: int) -> own_questions.OpenQuestion:
    _own(visit, question_id)
    found = own_questions.open_questions(visit.session, visit.keyring, visit.person)
    return next(each for each in found if each.id == question_id)
