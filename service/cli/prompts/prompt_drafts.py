"""The command group `smallsteps prompts draft`: drafts of the writers' own prompts, as the desk keeps them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from service.cli.command_options import ask_as_json, with_sentences
from service.cli.command_settings import runtime_of, with_settings
from service.cli.prompts.own_prompts import print_one, record_prompt, send_prompt_test, with_season
from service.config import Settings
from service.core.library.own_prompt import prompt_in_file, typed_season
from service.core.library.prompts import DEFAULT_LOCALE, Prompt
from service.flows.desk import own_prompts
from service.flows.desk.desk_log import DeskActionName
from service.models import OwnPrompt
from service.runtime import Runtime
from service.template_files import load_lexicon

_ID = click.argument("prompt_id", metavar="ID")


@click.group("draft")
def drafts() -> None:
    """Drafts of your own prompts, which nobody gets until they are added."""


@drafts.command("list")
@ask_as_json
@with_settings
def drafts_list(settings: Settings, as_json: bool) -> None:
    """List the drafts, the newest first."""
    with runtime_of(settings).database.read() as session:
        found = [row.prompt for row in OwnPrompt.drafts(session)]
    if as_json:
        click.echo(json.dumps([{"id": draft.id, "locale": draft.locale, "subject": draft.subject} for draft in found]))
        return
    for draft in found:
        click.echo(f"{draft.locale}  {draft.id}  {draft.subject}")
    if not found:
        click.echo("There are none.")


@drafts.command("write")
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"))
@click.option("--locale", default=DEFAULT_LOCALE, show_default=True, help="The language that it is in.")
@ask_as_json
@with_settings
@with_sentences
def drafts_write(settings: Settings, file: Any, locale: str, as_json: bool) -> None:
    """Keep a draft from a file like those of the library, or change the draft that has the file's id.

    It may still have something to mend, which is said.
    """
    runtime, typed = runtime_of(settings), prompt_in_file(file.read(), locale)
    with runtime.database.write() as session:
        if OwnPrompt.find(session, typed.id) is None:
            row = own_prompts.make_draft(session, runtime.library, typed, runtime.clock())
        else:
            row = own_prompts.edit_draft(session, runtime.library, typed.id, typed)
        draft = row.prompt
        record_prompt(session, runtime, DeskActionName.PROMPT_WRITTEN, draft.id)
    _print_draft(runtime, draft, as_json=as_json)


@drafts.command("show")
@_ID
@ask_as_json
@with_settings
@with_sentences
def drafts_show(settings: Settings, prompt_id: str, as_json: bool) -> None:
    """Show a draft, and say what is to be mended before it can be added. Exit code 1 if something is."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        draft = own_prompts.find_draft(session, prompt_id).prompt
    if _print_draft(runtime, draft, as_json=as_json):
        raise SystemExit(1)


@drafts.command("add")
@_ID
@with_season
@ask_as_json
@with_settings
@with_sentences
def drafts_add(settings: Settings, *, prompt_id: str, first_on: str, last_on: str, as_json: bool) -> None:
    """Let a draft come from the day after tomorrow (UTC); from now on it is never edited."""
    runtime, season = runtime_of(settings), typed_season(first_on, last_on)
    with runtime.database.write() as session:
        own_prompts.add(session, runtime.library, load_lexicon(), prompt_id, season, now=runtime.clock())
        record_prompt(session, runtime, DeskActionName.PROMPT_ADDED, prompt_id)
    print_one(runtime, prompt_id, as_json=as_json)


@drafts.command("test")
@_ID
@ask_as_json
@with_settings
@with_sentences
def drafts_test(settings: Settings, prompt_id: str, as_json: bool) -> None:
    """Send a draft as an email to WRITER_EMAILS alone, to look at."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        draft = own_prompts.find_draft(session, prompt_id).prompt
    send_prompt_test(runtime, draft, as_json=as_json)


@drafts.command("throw-away")
@_ID
@click.option("--yes", is_flag=True, help="Do it; without this only say what would be done.")
@ask_as_json
@with_settings
@with_sentences
def drafts_throw_away(settings: Settings, prompt_id: str, yes: bool, as_json: bool) -> None:
    """Delete a draft."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        subject = own_prompts.find_draft(session, prompt_id).subject
        if yes:
            own_prompts.throw_away(session, prompt_id)
            record_prompt(session, runtime, DeskActionName.PROMPT_THROWN_AWAY, prompt_id)
    if as_json:
        click.echo(json.dumps({"id": prompt_id, "deleted": yes}))
        return
    click.echo("Deleted." if yes else f"The draft “{subject}” would be deleted; add --yes to do it.")


def _print_draft(runtime: Runtime, draft: Prompt, *, as_json: bool) -> list[str]:
    """Print a draft and what is to be mended in it; return that."""
    with runtime.database.read() as session:
        faults = own_prompts.faults_of(session, runtime.library, draft, load_lexicon())
    if as_json:
        click.echo(json.dumps({"draft": asdict(draft), "faults": faults}))
    else:
        click.echo(f"{draft.locale}  {draft.id}  {draft.subject}\n\n{draft.body}\n")
        click.echo("\n".join(faults or ["There is nothing to mend."]))
    return faults
