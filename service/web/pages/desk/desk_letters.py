"""Letters at the desk: written, looked at, tested, thrown away, sent, paused and stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast

from flask import Blueprint, Response, abort, make_response, redirect, request

from service.core.letters.letter_words import NO_LETTER_BECAUSE, PAUSE_REASONS, begins_words
from service.flows.checks.before_letters import failures_before_letters
from service.flows.checks.finding import Finding
from service.flows.desk.desk_log import DeskActionName
from service.flows.desk.letter_preview import preview_html, preview_text
from service.flows.outgoing.letters import letter_drafts, letter_states, letter_test_mail
from service.flows.outgoing.letters.letter_check import check
from service.flows.outgoing.letters.letter_drafts import LetterError, LetterTitleError
from service.flows.outgoing.letters.letter_progress import progress
from service.flows.outgoing.letters.letter_scheduling import TIME_TO_TAKE_BACK, schedule
from service.models import Letter, LetterFormat, LetterPause, LetterState, LetterVisibility, SeenPost
from service.web.context import get_runtime, now, page
from service.web.pages.desk.desk_browser import DeskVisit, desk_visit, writer_zone
from service.web.pages.desk.letter_form import typed_draft, typed_time
from service.web.security.security import allow_frames, frame_only

MOST_LETTERS = 100
NOT_OVER_A_FAILURE = "It isn’t scheduled, because something isn’t set up right:"
VISIBLE = {
    LetterVisibility.PUBLIC: "Everybody, in the list of letters",
    LetterVisibility.PEOPLE: "Only people with its link",
    LetterVisibility.NOBODY: "Nobody: it’s in the emails alone",
}

blueprint = Blueprint("desk_letters", __name__, url_prefix="/desk/letters")


@blueprint.get("")
def letters() -> str:
    """List the letters, the newest first, and how far each has gone."""
    with desk_visit() as visit:
        newest = Letter.newest(visit.session, MOST_LETTERS)
        found = [(letter, progress(visit.session, letter.id), _goes(letter)) for letter in newest]
    return page("desk/letters", letters=found, pauses=PAUSE_REASONS, zone=writer_zone(), signed_in=False)


@blueprint.get("/new")
def new() -> str:
    """Show the form of a new letter."""
    with desk_visit():
        return _form_page(None, {"visible": LetterVisibility.PUBLIC})


@blueprint.post("/new")
def write() -> Response | tuple[str, int]:
    """Keep a new draft."""
    with desk_visit(writing=True) as visit:
        try:
            letter = letter_drafts.make_draft(visit.session, typed_draft(LetterFormat.MARKDOWN), now())
        except LetterError as error:
            return _form_page(None, request.form, error), HTTPStatus.UNPROCESSABLE_ENTITY
        visit.record(DeskActionName.LETTER_WRITTEN, object_id=letter.id)
        return _to(letter.id)


@blueprint.get("/<id:letter_id>")
def letter(letter_id: int) -> str:
    """Show a letter with its check, its previews, and what can be done with it."""
    with desk_visit() as visit:
        return _letter_page(visit, letter_id, "")


@blueprint.get("/<id:letter_id>/edit")
def edit(letter_id: int) -> str:
    """Show the form of a draft."""
    with desk_visit() as visit:
        found = _find(visit, letter_id)
        typed = {"title": found.title, "content": found.content, "visible": found.visible}
        return _form_page(found, typed)


@blueprint.post("/<id:letter_id>/edit")
def change(letter_id: int) -> Response | tuple[str, int]:
    """Change a draft."""
    try:
        with desk_visit(writing=True) as visit:
            found = _find(visit, letter_id)
            draft = replace(typed_draft(LetterFormat(found.format)), canonical_url=found.canonical_url)
            letter_drafts.edit_draft(visit.session, letter_id, draft, now())
            visit.record(DeskActionName.LETTER_WRITTEN, object_id=letter_id)
    except LetterError as error:
        with desk_visit() as visit:
            return _form_page(_find(visit, letter_id), request.form, error), HTTPStatus.UNPROCESSABLE_ENTITY
    return _to(letter_id)


@blueprint.post("/<id:letter_id>/throw-away")
def delete(letter_id: int) -> Response | tuple[str, int]:
    """Delete a draft, if the box is ticked: there is no way back."""
    try:
        with desk_visit(writing=True) as visit:
            _find(visit, letter_id)
            _require(request.form.get("sure") == "yes", "Tick the box to delete this draft: there’s no way back.")
            letter_drafts.throw_away(visit.session, letter_id)
            visit.record(DeskActionName.LETTER_THROWN_AWAY, object_id=letter_id)
    except LetterError as error:
        return _problem_page(letter_id, error)
    return cast("Response", redirect("/desk/letters", code=303))


@blueprint.get("/<id:letter_id>/preview.html")
def preview(letter_id: int) -> Response:
    """Answer the letter as a mail program shows it, for a frame of the letter's page."""
    with desk_visit() as visit, _not_found():
        return frame_only(make_response(preview_html(visit.session, get_runtime().email_context(), letter_id)))


@blueprint.get("/<id:letter_id>/preview.txt")
def preview_plain(letter_id: int) -> Response:
    """Answer the letter as plain text."""
    with desk_visit() as visit, _not_found():
        response = make_response(preview_text(visit.session, get_runtime().email_context(), letter_id))
        response.content_type = "text/plain; charset=utf-8"
        return frame_only(response)


@blueprint.post("/<id:letter_id>/test")
def test(letter_id: int) -> Response | tuple[str, int]:
    """Send a test to the signed-in writer alone."""
    runtime = get_runtime()
    try:
        with desk_visit(writing=True) as visit:
            email = letter_test_mail.make_test_mail(visit.session, runtime.email_context(), letter_id)
            visit.record(DeskActionName.LETTER_TESTED, object_id=letter_id)
            address = visit.address
        letter_test_mail.send_test(runtime.mailer, email, [address])
    except LetterError as error:
        return _problem_page(letter_id, error)
    return _to(letter_id, "tested")


@blueprint.post("/<id:letter_id>/send")
def send(letter_id: int) -> Response | tuple[str, int]:
    """Fix a letter and schedule it; a code of the second factor is needed, and no check of the doctor may fail.

    With the box ticked it goes although one fails, and the log names those that do.
    """
    runtime = get_runtime()
    context = runtime.email_context()
    anyway = request.form.get("anyway") == "yes"
    with desk_visit() as visit:
        visit.require_confirmed()
        _find(visit, letter_id)
    failed = failures_before_letters(runtime.doctor())
    if failed and not anyway:
        with desk_visit() as visit:
            return _letter_page(visit, letter_id, NOT_OVER_A_FAILURE, failed), HTTPStatus.UNPROCESSABLE_ENTITY
    return _act(
        letter_id,
        DeskActionName.LETTER_SENT_ANYWAY if anyway else DeskActionName.LETTER_SENT,
        lambda visit: schedule(visit.session, context, letter_id, typed_time(), now(), anyway=anyway),
        needs_code=True,
        failed_checks=[found.check for found in failed] if anyway else None,
    )


@blueprint.post("/<id:letter_id>/take-back")
def take_back(letter_id: int) -> Response | tuple[str, int]:
    """Make a scheduled letter that has not begun a draft again."""
    return _act(
        letter_id, DeskActionName.LETTER_TAKEN_BACK, lambda visit: letter_states.take_back(visit.session, letter_id)
    )


@blueprint.post("/<id:letter_id>/pause")
def pause(letter_id: int) -> Response | tuple[str, int]:
    """Let nothing more of a letter go."""
    return _act(
        letter_id,
        DeskActionName.LETTER_PAUSED,
        lambda visit: _require(
            letter_states.pause(visit.session, letter_id, LetterPause.BY_HAND, now()),
            "There’s nothing to pause: this letter isn’t scheduled or on its way.",
        ),
    )


@blueprint.post("/<id:letter_id>/resume")
def resume(letter_id: int) -> Response | tuple[str, int]:
    """Let the rest of a paused letter go."""
    return _act(
        letter_id,
        DeskActionName.LETTER_RESUMED,
        lambda visit: _require(
            letter_states.resume(visit.session, letter_id, now()),
            "There’s nothing to resume: this letter isn’t paused.",
        ),
    )


@blueprint.post("/<id:letter_id>/stop")
def stop(letter_id: int) -> Response | tuple[str, int]:
    """End a letter for good; a code of the second factor is needed."""
    return _act(
        letter_id,
        DeskActionName.LETTER_STOPPED,
        lambda visit: letter_states.stop(visit.session, letter_id),
        needs_code=True,
    )


def _act(
    letter_id: int, name: DeskActionName, do: Callable[[DeskVisit], object], *, needs_code: bool = False, **about: Any
) -> Response | tuple[str, int]:
    """Do something with a letter and log it with `about`; show its page with the sentence of what cannot be done."""
    try:
        with desk_visit(writing=True) as visit:
            if needs_code:
                visit.require_confirmed()
            _find(visit, letter_id)
            do(visit)
            visit.record(name, object_id=letter_id, **about)
    except LetterError as error:
        return _problem_page(letter_id, error)
    return _to(letter_id)


def _require(done: bool, sentence: str) -> None:
    """Raise LetterError with the sentence unless something was done, so that the log has only what happened."""
    if not done:
        raise LetterError(sentence)


def _problem_page(letter_id: int, error: LetterError) -> tuple[str, int]:
    with desk_visit() as visit:
        return _letter_page(visit, letter_id, str(error)), HTTPStatus.UNPROCESSABLE_ENTITY


def _letter_page(visit: DeskVisit, letter_id: int, problem: str, failed: Sequence[Finding] = ()) -> str:
    runtime, found = get_runtime(), _find(visit, letter_id)
    checked, rate, soon = None, runtime.sending_rate(), now() + TIME_TO_TAKE_BACK
    if found.state == LetterState.DRAFT:
        try:
            checked = check(visit.session, runtime.email_context(), letter_id, now(), rate=rate, at=soon)
        except LetterError as error:
            problem = problem or str(error)
    allow_frames()
    zone = writer_zone()
    return page(
        "desk/letter",
        letter=found,
        checked=checked,
        gone=progress(visit.session, letter_id),
        going=SeenPost.of_letter_that_goes(visit.session, letter_id),
        pauses=PAUSE_REASONS,
        no_letter_because=NO_LETTER_BECAUSE,
        problem=problem,
        failed=failed,
        is_confirmed=visit.is_confirmed,
        done=request.args.get("done", ""),
        zone=zone,
        goes=_goes(found),
        typed=request.form,
        example=now().astimezone(zone).date() + timedelta(days=3),
        signed_in=False,
    )


def _goes(letter: Letter) -> str:
    """Return when a scheduled letter begins, or ""."""
    return begins_words(letter.starts_at, writer_zone(), now()) if letter.state == LetterState.SCHEDULED else ""


def _form_page(letter: Letter | None, typed: Any, error: LetterError | None = None) -> str:
    errors = {"title" if isinstance(error, LetterTitleError) else "content": str(error)} if error is not None else {}
    return page("desk/letter_form", letter=letter, typed=typed, errors=errors, visible=VISIBLE, signed_in=False)


def _find(visit: DeskVisit, letter_id: int) -> Letter:
    letter = visit.session.get(Letter, letter_id)
    if letter is None:
        abort(HTTPStatus.NOT_FOUND)
    return letter


@contextmanager
def _not_found() -> Iterator[None]:
    """Answer 404 for a letter that cannot be shown; its page says why."""
    try:
        yield
    except LetterError:
        abort(HTTPStatus.NOT_FOUND)


def _to(letter_id: int, done: str = "") -> Response:
    return cast("Response", redirect(f"/desk/letters/{letter_id}" + (f"?done={done}" if done else ""), code=303))
