"""Questions at the desk: the library and own ones, when each comes; written, checked, looked at, added, retired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, cast

from flask import Blueprint, Response, abort, make_response, redirect, request

from service.core.library.own_prompt import OWN_KINDS, typed_prompt, typed_season
from service.core.library.prompts import DEFAULT_LOCALE, DEPTHS, MINUTES, THEMES, Prompt, PromptError
from service.flows.desk import own_prompts
from service.flows.desk.desk_log import DeskActionName
from service.flows.desk.prompt_list import first_of_next_days, list_prompts, listed_prompt
from service.flows.desk.prompt_preview import preview_email, test_email
from service.flows.outgoing.letters.letter_drafts import LetterError
from service.flows.outgoing.letters.letter_test_mail import send_test
from service.flows.outgoing.planning.library_reading import read_own
from service.mail.outbound.mailer import OutgoingEmail
from service.models import OwnPrompt
from service.template_files import load_lexicon
from service.web.context import get_runtime, now, page
from service.web.pages.desk.desk_browser import DeskVisit, desk_visit
from service.web.security.security import allow_frames, frame_only

PATH = "/desk/questions"

blueprint = Blueprint("desk_prompts", __name__, url_prefix=PATH)


@blueprint.get("")
def prompts() -> str:
    """List the drafts and own questions, or a theme of the library, and what is first on the next days."""
    library = get_runtime().library
    locale, theme = (request.args.get(name, "") for name in ("locale", "theme"))
    locale = locale if locale in library.locales else DEFAULT_LOCALE
    theme = theme if theme in THEMES else ""
    with desk_visit() as visit:
        drafts = [(row.prompt_id, row.subject) for row in OwnPrompt.drafts(visit.session)]
    return page(
        "desk/prompts",
        drafts=drafts,
        listed=list_prompts(library, now(), locale=locale, theme=theme, own_only=not theme),
        ahead=first_of_next_days(library, locale, now()),
        locales=library.locales,
        themes=THEMES,
        locale=locale,
        theme=theme,
        signed_in=False,
    )


@blueprint.get("/new")
def new() -> str:
    """Show the form of a new question, filled in from another one if its id is given."""
    with desk_visit() as visit:
        source = _find(visit, from_id)[0] if (from_id := request.args.get("from", "")) else None
    return _form_page("", _typed_of(source) if source else {"resurface": "yes", "locale": DEFAULT_LOCALE}, "")


@blueprint.post("/new")
def write() -> Response | tuple[str, int]:
    """Keep a new draft."""
    try:
        typed = typed_prompt(request.form, "")
        with desk_visit(writing=True) as visit:
            row = own_prompts.make_draft(visit.session, get_runtime().library, typed, now())
            visit.record(DeskActionName.PROMPT_WRITTEN, object_id=own_prompts.log_number(row.prompt_id))
            return _to(row.prompt_id)
    except PromptError as error:
        return _refused_form("", error)


@blueprint.get("/<prompt_id>")
def prompt(prompt_id: str) -> str:
    """Show a question: its check if it is a draft, its previews, when it comes, and what can be done with it."""
    with desk_visit() as visit:
        return _prompt_page(visit, prompt_id, "")


@blueprint.get("/<prompt_id>/edit")
def edit(prompt_id: str) -> str:
    """Show the form of a draft."""
    with desk_visit() as visit:
        found, is_draft = _find(visit, prompt_id)
    if not is_draft:
        abort(HTTPStatus.NOT_FOUND)
    return _form_page(prompt_id, _typed_of(found), "")


@blueprint.post("/<prompt_id>/edit")
def change(prompt_id: str) -> Response | tuple[str, int]:
    """Change a draft."""
    try:
        typed = typed_prompt(request.form, prompt_id)
        with desk_visit(writing=True) as visit:
            own_prompts.edit_draft(visit.session, get_runtime().library, prompt_id, typed)
            visit.record(DeskActionName.PROMPT_WRITTEN, object_id=own_prompts.log_number(prompt_id))
    except PromptError as error:
        return _refused_form(prompt_id, error)
    return _to(prompt_id)


@blueprint.get("/<prompt_id>/preview.html")
def preview(prompt_id: str) -> Response:
    """Answer the question as a mail program shows it, for a frame of its page."""
    with desk_visit() as visit:
        return frame_only(make_response(_email(_find(visit, prompt_id)[0]).html))


@blueprint.get("/<prompt_id>/preview.txt")
def preview_plain(prompt_id: str) -> Response:
    """Answer the question's email as plain text."""
    with desk_visit() as visit:
        response = make_response(_email(_find(visit, prompt_id)[0]).text)
    response.content_type = "text/plain; charset=utf-8"
    return frame_only(response)


@blueprint.post("/<prompt_id>/test")
def test(prompt_id: str) -> Response | tuple[str, int]:
    """Send the question as an email to the signed-in writer alone."""
    with desk_visit(writing=True) as visit:
        email = test_email(_email(_find(visit, prompt_id)[0]))
        visit.record(DeskActionName.PROMPT_TESTED, object_id=own_prompts.log_number(prompt_id))
        address = visit.address
    try:
        send_test(get_runtime().mailer, email, [address])
    except LetterError as error:
        with desk_visit() as visit:
            return _prompt_page(visit, prompt_id, str(error)), HTTPStatus.SERVICE_UNAVAILABLE
    return _to(prompt_id, "tested")


@blueprint.post("/<prompt_id>/add")
def add(prompt_id: str) -> Response | tuple[str, int]:
    """Let a draft without faults come, from the day after tomorrow (UTC)."""
    library = get_runtime().library
    return _act(
        prompt_id,
        DeskActionName.PROMPT_ADDED,
        lambda visit: own_prompts.add(
            visit.session, library, load_lexicon(), prompt_id, _typed_season(), now=now()
        ),
    )  # fmt: skip


@blueprint.post("/<prompt_id>/season")
def season(prompt_id: str) -> Response | tuple[str, int]:
    """Let a question come in a season, or always; also one that was retired."""
    library = get_runtime().library
    return _act(
        prompt_id,
        DeskActionName.PROMPT_SEASON_SET,
        lambda visit: own_prompts.set_season(visit.session, library, prompt_id, _typed_season(), now()),
    )


@blueprint.post("/<prompt_id>/retire")
def retire(prompt_id: str) -> Response | tuple[str, int]:
    """Stop asking a question."""
    library = get_runtime().library
    return _act(
        prompt_id,
        DeskActionName.PROMPT_RETIRED,
        lambda visit: own_prompts.retire(visit.session, library, prompt_id, now()),
    )


@blueprint.post("/<prompt_id>/throw-away")
def throw_away(prompt_id: str) -> Response | tuple[str, int]:
    """Delete a draft."""
    try:
        with desk_visit(writing=True) as visit:
            own_prompts.throw_away(visit.session, prompt_id)
            visit.record(DeskActionName.PROMPT_THROWN_AWAY, object_id=own_prompts.log_number(prompt_id))
    except PromptError as error:
        return _problem_page(prompt_id, error)
    return cast("Response", redirect(PATH, code=303))


def _act(
    prompt_id: str, name: DeskActionName, do: Callable[[DeskVisit], date]
) -> Response | tuple[str, int]:  # fmt: skip
    """Change when a question comes and log it; show its page with the sentence of what cannot be done."""
    runtime = get_runtime()
    try:
        with desk_visit(writing=True) as visit:
            do(visit)
            visit.record(name, object_id=own_prompts.log_number(prompt_id))
    except PromptError as error:
        return _problem_page(prompt_id, error)
    with runtime.database.read() as session:
        read_own(session, runtime.library)
    return _to(prompt_id)


def _problem_page(prompt_id: str, error: PromptError) -> tuple[str, int]:
    with desk_visit() as visit:
        return _prompt_page(visit, prompt_id, str(error)), HTTPStatus.UNPROCESSABLE_ENTITY


def _prompt_page(visit: DeskVisit, prompt_id: str, problem: str) -> str:
    library = get_runtime().library
    found, is_draft = _find(visit, prompt_id)
    faults = own_prompts.faults_of(visit.session, library, found, load_lexicon()) if is_draft else []
    allow_frames()
    return page(
        "desk/prompt",
        prompt=found,
        is_draft=is_draft,
        faults=faults,
        listed=None if is_draft else listed_prompt(library, found, now()),
        problem=problem,
        typed=request.form,
        year=now().year,
        done=request.args.get("done", ""),
        signed_in=False,
    )


def _form_page(prompt_id: str, typed: Mapping[str, Any], problem: str) -> str:
    return page(
        "desk/prompt_form",
        prompt_id=prompt_id,
        typed=typed,
        errors={"body": problem} if problem else {},
        locales=get_runtime().library.locales,
        themes=THEMES,
        kinds=OWN_KINDS,
        minutes=MINUTES,
        depths=DEPTHS,
        signed_in=False,
    )


def _refused_form(prompt_id: str, error: PromptError) -> tuple[str, int]:
    with desk_visit():
        return _form_page(prompt_id, request.form, str(error)), HTTPStatus.UNPROCESSABLE_ENTITY


def _find(visit: DeskVisit, prompt_id: str) -> tuple[Prompt, bool]:
    """Return a prompt, and whether it is a draft; answer 404 if there is none."""
    row = OwnPrompt.find(visit.session, prompt_id)
    found = row.prompt if row is not None else get_runtime().library.get(prompt_id)
    if found is None or not found.in_use:
        abort(HTTPStatus.NOT_FOUND)
    return found, row is not None and row.added_at is None


def _email(found: Prompt) -> OutgoingEmail:
    runtime = get_runtime()
    settings = runtime.settings
    return preview_email(
        runtime.composer, runtime.library, found, base_url=settings.base_url, reply_domain=settings.reply_domain
    )


def _typed_of(found: Prompt) -> dict[str, Any]:
    names = ("subject", "body", "locale", "theme", "kind", "minutes", "depth", "lighter")
    ticks = {name: "yes" if getattr(found, name) else "" for name in ("resurface", "gratitude", "asks_for_step")}
    return {name: getattr(found, name) or "" for name in names} | ticks


def _typed_season() -> tuple[date | None, date | None]:
    return typed_season(request.form.get("first_on", ""), request.form.get("last_on", ""))


def _to(prompt_id: str, done: str = "") -> Response:
    return cast("Response", redirect(f"{PATH}/{prompt_id}" + (f"?done={done}" if done else ""), code=303))
