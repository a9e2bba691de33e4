"""Commands of `smallsteps prompts` that change when prompts come, and add own ones, as the desk does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import click
from sqlalchemy.orm import Session

from service.cli.command_log import record_command
from service.cli.command_options import ask_as_json, with_sentences
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.core.library.own_prompt import prompt_in_file, typed_season
from service.core.library.prompts import DEFAULT_LOCALE, THEMES, Prompt, PromptError
from service.flows.desk import own_prompts
from service.flows.desk.desk_log import DeskActionName
from service.flows.desk.prompt_list import ListedPrompt, list_prompts, listed_prompt
from service.flows.desk.prompt_preview import preview_email, test_email
from service.flows.outgoing.letters.letter_test_mail import send_test
from service.flows.outgoing.planning.library_reading import read_own
from service.runtime import Runtime
from service.template_files import load_lexicon

_ID = click.argument("prompt_id", metavar="ID")


def with_season(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a season."""
    first = click.option("--first-on", default="", help="The first day of the season, such as 2026-12-01.")
    last = click.option("--last-on", default="", help="The last day of the season, such as 2027-02-28.")
    return first(last(command))


@click.command("list")
@click.option("--locale", default="", help="All of a locale, such as en-GB.")
@click.option("--theme", default="", type=click.Choice(("", *THEMES)), help="All of a theme.")
@click.option("--own", is_flag=True, help="Only the writers' own.")
@ask_as_json
@with_settings
def prompts_list(settings: Settings, *, locale: str, theme: str, own: bool, as_json: bool) -> None:
    """List the prompts in use: when each comes, and the next day on which its turn comes."""
    runtime = runtime_of(settings)
    _print(list_prompts(runtime.library, runtime.clock(), locale=locale, theme=theme, own_only=own), as_json=as_json)


@click.command("add")
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"))
@click.option("--locale", default=DEFAULT_LOCALE, show_default=True, help="The language that it is in.")
@with_season
@click.option("--check", "check_only", is_flag=True, help="Only say what is to be mended; nothing is added.")
@ask_as_json
@with_settings
@with_sentences
def prompts_add(
    settings: Settings, *, file: Any, locale: str, first_on: str, last_on: str, check_only: bool, as_json: bool
) -> None:
    """Add a prompt of your own from a file like those of the library, with an id that begins with "desk-".

    It comes from the day after tomorrow (UTC), and is never edited. Exit code 1 if there is something to mend.
    """
    runtime, season = runtime_of(settings), typed_season(first_on, last_on)
    typed = prompt_in_file(file.read(), locale)
    with runtime.database.read() as session:
        faults = own_prompts.faults_of(session, runtime.library, typed, load_lexicon())
    if check_only or faults:
        click.echo(json.dumps({"faults": faults}) if as_json else "\n".join(faults or ["There is nothing to mend."]))
        raise SystemExit(1 if faults else 0)
    with runtime.database.write() as session:
        row = own_prompts.make_draft(session, runtime.library, typed, runtime.clock())
        prompt_id = row.prompt_id
        own_prompts.add(session, runtime.library, load_lexicon(), prompt_id, season, now=runtime.clock())
        record_prompt(session, runtime, DeskActionName.PROMPT_ADDED, prompt_id)
    print_one(runtime, prompt_id, as_json=as_json)


@click.command("season")
@_ID
@with_season
@ask_as_json
@with_settings
@with_sentences
def prompts_season(settings: Settings, *, prompt_id: str, first_on: str, last_on: str, as_json: bool) -> None:
    """Let a prompt come in a season, or all year if no day is named; also one that was retired."""
    runtime, season = runtime_of(settings), typed_season(first_on, last_on)
    with runtime.database.write() as session:
        own_prompts.set_season(session, runtime.library, prompt_id, season, runtime.clock())
        record_prompt(session, runtime, DeskActionName.PROMPT_SEASON_SET, prompt_id)
    print_one(runtime, prompt_id, as_json=as_json)


@click.command("retire")
@_ID
@ask_as_json
@with_settings
@with_sentences
def prompts_retire(settings: Settings, prompt_id: str, as_json: bool) -> None:
    """Stop asking a prompt, from the day after tomorrow (UTC); `season` without days brings it back."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        own_prompts.retire(session, runtime.library, prompt_id, runtime.clock())
        record_prompt(session, runtime, DeskActionName.PROMPT_RETIRED, prompt_id)
    print_one(runtime, prompt_id, as_json=as_json)


@click.command("test")
@_ID
@ask_as_json
@with_settings
@with_sentences
def prompts_test(settings: Settings, prompt_id: str, as_json: bool) -> None:
    """Send a prompt as an email to WRITER_EMAILS alone, to look at."""
    runtime = runtime_of(settings)
    prompt = runtime.library.get(prompt_id)
    if prompt is None:
        raise PromptError(own_prompts.NO_SUCH)
    send_prompt_test(runtime, prompt, as_json=as_json)


COMMANDS = (prompts_list, prompts_add, prompts_season, prompts_retire, prompts_test)


def send_prompt_test(runtime: Runtime, prompt: Prompt, *, as_json: bool) -> None:
    """Send a prompt, added or not, to WRITER_EMAILS alone.

    Raises:
        LetterError: nobody is named there, or the provider did not take it.
    """
    settings = runtime.settings
    places = {"base_url": settings.base_url, "reply_domain": settings.reply_domain}
    email = test_email(preview_email(runtime.composer, runtime.library, prompt, **places))
    send_test(runtime.mailer, email, settings.writer_emails)
    with runtime.database.write() as session:
        record_prompt(session, runtime, DeskActionName.PROMPT_TESTED, prompt.id)
    click.echo(json.dumps({"id": prompt.id, "sent": True}) if as_json else "Sent to the writers alone.")


def record_prompt(session: Session, runtime: Runtime, name: DeskActionName, prompt_id: str) -> None:
    """Add what was done with a prompt to the log of the desk, in the transaction that does it."""
    record_command(session, runtime, name, object_id=own_prompts.log_number(prompt_id))


def print_one(runtime: Runtime, prompt_id: str, *, as_json: bool) -> None:
    """Print when a prompt that was just changed comes."""
    with runtime.database.read() as session:
        read_own(session, runtime.library)
    prompt = runtime.library.get(prompt_id)
    assert prompt is not None
    _print([listed_prompt(runtime.library, prompt, runtime.clock())], as_json=as_json)


def _print(rows: Sequence[ListedPrompt], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], default=str))
        return
    for row in rows:
        comes = f"{row.now}{'; ' if row.then else ''}{row.then}"
        first = f"; its turn is next on {row.next_on}" if row.next_on else ""
        click.echo(f"{row.locale}  {row.prompt_id}  {row.subject}: {comes}{first}")
    if not rows:
        click.echo("There are none.")
