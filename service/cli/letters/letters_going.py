"""Commands of `smallsteps letters` about what becomes of a letter: taken back, paused, stopped, thrown away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from service.cli.command_log import record_command
from service.cli.command_options import ask_as_json, with_sentences
from service.cli.command_settings import runtime_of, with_settings
from service.cli.letters.letters_output import letter_row
from service.config import Settings
from service.core.letters.letter_file import parse_letter_file
from service.flows.desk.desk_log import DeskActionName
from service.flows.outgoing.letters import letter_archive, letter_states
from service.flows.outgoing.letters.letter_drafts import LetterError, throw_away
from service.flows.outgoing.letters.letter_progress import progress
from service.models import Letter, LetterPause

_ID = click.argument("letter_id", metavar="ID", type=int)


@click.command("take-back")
@_ID
@ask_as_json
@with_settings
@with_sentences
def letters_take_back(settings: Settings, letter_id: int, as_json: bool) -> None:
    """Make a scheduled letter a draft again, as long as it has not begun. Exit code 1 if it has."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        letter_states.take_back(session, letter_id)
        record_command(session, runtime, DeskActionName.LETTER_TAKEN_BACK, object_id=letter_id)
        row = _row(session, letter_id)
    _say(row, "It is a draft again. Nobody gets it.", as_json=as_json)


@click.command("pause")
@_ID
@ask_as_json
@with_settings
@with_sentences
def letters_pause(settings: Settings, letter_id: int, as_json: bool) -> None:
    """Let nothing more of a letter go. Exit code 1 if it was not going."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        if not letter_states.pause(session, letter_id, LetterPause.BY_HAND, runtime.clock()):
            raise LetterError("There is nothing to pause: this letter is not scheduled or sending.")
        record_command(session, runtime, DeskActionName.LETTER_PAUSED, object_id=letter_id)
        row = _row(session, letter_id)
    words = f"Paused. Only a request under way is finished. To go on: smallsteps letters resume {letter_id}"
    _say(row, words, as_json=as_json)


@click.command("resume")
@_ID
@ask_as_json
@with_settings
@with_sentences
def letters_resume(settings: Settings, letter_id: int, as_json: bool) -> None:
    """Let exactly the rest of a paused letter go. Exit code 1 if it was not paused."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        if not letter_states.resume(session, letter_id, runtime.clock()):
            raise LetterError("There is nothing to resume: this letter is not paused.")
        record_command(session, runtime, DeskActionName.LETTER_RESUMED, object_id=letter_id)
        row = _row(session, letter_id)
    _say(row, "The rest goes on within a minute.", as_json=as_json)


@click.command("change-page")
@_ID
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@ask_as_json
@with_settings
@with_sentences
def letters_change_page(settings: Settings, letter_id: int, file: Path, as_json: bool) -> None:
    """Change what a letter's page says; the page says on which day. The email stays as it went."""
    runtime = runtime_of(settings)
    content = parse_letter_file(file.name, file.read_text("utf-8", "replace")).content
    with runtime.database.write() as session:
        letter_archive.change_page(session, runtime.email_context(), letter_id, content, runtime.clock())
        row = _row(session, letter_id)
    _say(row, "The page is changed, and says so.", as_json=as_json)


@click.command("stop")
@_ID
@click.option("--yes", is_flag=True, help="Do it; without this only say what would be done.")
@ask_as_json
@with_settings
@with_sentences
def letters_stop(settings: Settings, *, letter_id: int, yes: bool, as_json: bool) -> None:
    """End a letter for good: whoever has not had it never gets it."""
    runtime = runtime_of(settings)
    if not yes:
        with runtime.database.read() as session:
            row = _row(session, letter_id)
            left = progress(session, letter_id).left
        _say(row, f"{left} emails that are planned would not go; add --yes to do it.", as_json=as_json)
        return
    with runtime.database.write() as session:
        left = letter_states.stop(session, letter_id)
        record_command(session, runtime, DeskActionName.LETTER_STOPPED, object_id=letter_id, number=left)
        row = _row(session, letter_id)
    _say(row, f"Stopped. {left} emails that were planned do not go.", as_json=as_json)


@click.command("throw-away")
@_ID
@click.option("--yes", is_flag=True, help="Do it; without this only say what would be done.")
@ask_as_json
@with_settings
@with_sentences
def letters_throw_away(settings: Settings, *, letter_id: int, yes: bool, as_json: bool) -> None:
    """Delete a draft. A post of a blog that it was made of stays known, and makes no draft again."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        title = _row(session, letter_id)["title"]
        if yes:
            throw_away(session, letter_id)
            record_command(session, runtime, DeskActionName.LETTER_THROWN_AWAY, object_id=letter_id)
    if as_json:
        click.echo(json.dumps({"id": letter_id, "deleted": yes}))
        return
    click.echo("Deleted." if yes else f"“{title}” would be deleted, if it is a draft; add --yes to do it.")


COMMANDS = (
    letters_take_back,
    letters_pause,
    letters_resume,
    letters_change_page,
    letters_stop,
    letters_throw_away,
)


def _row(session: Session, letter_id: int) -> dict[str, Any]:
    letter = session.get(Letter, letter_id)
    if letter is None:
        raise LetterError("There is no letter with this id.")
    return letter_row(session, letter)


def _say(row: dict[str, Any], words: str, *, as_json: bool) -> None:
    """Print how the letter stands now as JSON, or the words."""
    click.echo(json.dumps(row, default=str) if as_json else words)
