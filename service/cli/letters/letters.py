"""The command group `smallsteps letters`: from a file to everybody who asked for letters, and how far one has gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

import click

from service.cli.command_log import record_command
from service.cli.command_settings import instant_of, runtime_of, with_settings
from service.cli.letters.letters_output import end_over_failures, letter_row, print_check, when_it_begins
from service.config import Settings
from service.core.journal.photos import Picture
from service.core.letters.letter_file import LetterFile, LetterFileError, parse_letter_file
from service.core.letters.letter_words import PAUSE_REASONS
from service.flows.checks.before_letters import failures_before_letters
from service.flows.desk.desk_log import DeskActionName
from service.flows.outgoing.letters import letter_archive, letter_check, letter_import, letter_states, letter_test_mail
from service.flows.outgoing.letters.letter_drafts import LetterError
from service.flows.outgoing.letters.letter_progress import progress
from service.flows.outgoing.letters.letter_scheduling import (
    AtInstant,
    LetterTime,
    OwnHour,
    Straightaway,
    schedule,
)
from service.mail.sandbox.pictures import PictureRedrawer
from service.models import Letter, LetterPause
from service.template_files import TEMPLATES

MOST_LISTED = 100
_LETTER_ID = click.argument("letter_id", metavar="ID", type=int)
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def letters() -> None:
    """Letters: your posts, by email, to everybody who asked for them."""


def _with_sentences(command: Callable[..., Any]) -> Callable[..., Any]:
    """End a command with the sentence of what cannot be done."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except (LetterError, LetterFileError) as error:
            raise click.ClickException(str(error)) from None

    return run


@letters.command("import")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_AS_JSON
@with_settings
@_with_sentences
def letters_import(settings: Settings, files: tuple[Path, ...], as_json: bool) -> None:
    """Make drafts of Markdown files, of all in templates/letters/ if none is named; a draft follows its file."""
    paths = files or tuple(sorted((TEMPLATES / "letters").glob("*.md")))
    runtime, redrawer = runtime_of(settings), PictureRedrawer()
    rows = []
    try:
        for path in paths:
            file = parse_letter_file(path.name, path.read_text("utf-8", "replace"))
            pictures = _redrawn(file, path.parent, redrawer)
            with runtime.database.write() as session:
                imported = letter_import.import_letter(session, path.name, file, pictures, runtime.clock())
            rows.append(imported)
    finally:
        redrawer.close()
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows]))
        return
    for row in rows:
        click.echo(f"{row.letter_id}  {row.name}: {row.result}")
        for name in row.missing:
            click.echo(f"    The picture {name} is not in the file's folder, or cannot be read.", err=True)
    if not rows:
        click.echo("There are no files in templates/letters/.")


@letters.command("list")
@_AS_JSON
@with_settings
def letters_list(settings: Settings, as_json: bool) -> None:
    """List the letters, the newest first, and how far each has gone."""
    with runtime_of(settings).database.read() as session:
        rows = [letter_row(session, letter) for letter in Letter.newest(session, MOST_LISTED)]
    if as_json:
        click.echo(json.dumps(rows, default=str))
        return
    for row in rows:
        because = f" ({PAUSE_REASONS[row['paused_because']]})" if row["paused_because"] else ""
        when = f", begins {row['starts_at']:%Y-%m-%d %H:%M} UTC" if row["starts_at"] else ""
        click.echo(f"{row['id']}  {row['state']}{because}  {row['title']}{when}")
        if row["bar"]:
            click.echo(f"    {row['bar']}  {row['words']}")
    if not rows:
        click.echo("There are no letters.")


@letters.command("check")
@_LETTER_ID
@click.option("--at", default=None, help="The instant at which it is to go, in ISO form with a zone.")
@_AS_JSON
@with_settings
@_with_sentences
def letters_check(settings: Settings, letter_id: int, at: str | None, as_json: bool) -> None:
    """Say what is wrong with a letter, and who gets it. Exit code 1 if something is."""
    runtime = runtime_of(settings)
    instant = instant_of(at, "--at") if at else None
    with runtime.database.write() as session:
        found = letter_check.check(
            session, runtime.email_context(), letter_id, runtime.clock(), rate=runtime.sending_rate(), at=instant
        )
    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        print_check(found)
    if not found.may_go:
        raise SystemExit(1)


@letters.command("test")
@_LETTER_ID
@with_settings
@_with_sentences
def letters_test(settings: Settings, letter_id: int) -> None:
    """Send a letter to WRITER_EMAILS alone, to look at."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        email = letter_test_mail.make_test_mail(session, runtime.email_context(), letter_id)
        record_command(session, runtime, DeskActionName.LETTER_TESTED, object_id=letter_id)
    letter_test_mail.send_test(runtime.mailer, email, settings.writer_emails)
    click.echo("Sent to the writers alone.")


@letters.command("send")
@_LETTER_ID
@click.option("--on", default=None, help="A day, such as 2026-12-03: everybody gets it at their own hour.")
@click.option("--at", default=None, help="An instant, such as 2026-12-03T08:00:00Z: everybody gets it then.")
@click.option("--now", "straightaway", is_flag=True, help="In five minutes; until then `take-back` undoes it.")
@click.option("--anyway", is_flag=True, help="Send it even if a check of the doctor fails; the log names this.")
@_AS_JSON
@with_settings
@_with_sentences
def letters_send(
    settings: Settings,
    *,
    letter_id: int,
    on: str | None,
    at: str | None,
    straightaway: bool,
    anyway: bool,
    as_json: bool,
) -> None:
    """Fix a letter and schedule it. What is scheduled can be paused, stopped and taken back, and is never edited.

    It is not scheduled while a check of the doctor fails (exit code 1).
    """
    when = _time(on, at, straightaway=straightaway)
    runtime = runtime_of(settings)
    if not anyway:
        end_over_failures(failures_before_letters(runtime.doctor()), as_json=as_json)
    with runtime.database.write() as session:
        letter = schedule(session, runtime.email_context(), letter_id, when, runtime.clock())
        action = DeskActionName.LETTER_SENT_ANYWAY if anyway else DeskActionName.LETTER_SENT
        record_command(session, runtime, action, object_id=letter_id)
        row = letter_row(session, letter)
    if as_json:
        click.echo(json.dumps(row, default=str))
        return
    click.echo(when_it_begins(letter, runtime))
    click.echo(f"To undo it before then: smallsteps letters take-back {letter_id}")


@letters.command("take-back")
@_LETTER_ID
@with_settings
@_with_sentences
def letters_take_back(settings: Settings, letter_id: int) -> None:
    """Make a scheduled letter a draft again, as long as it has not begun."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        letter_states.take_back(session, letter_id)
        record_command(session, runtime, DeskActionName.LETTER_TAKEN_BACK, object_id=letter_id)
    click.echo("It is a draft again. Nobody gets it.")


@letters.command("pause")
@_LETTER_ID
@with_settings
@_with_sentences
def letters_pause(settings: Settings, letter_id: int) -> None:
    """Let nothing more of a letter go. Exit code 1 if it was not going."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        if not letter_states.pause(session, letter_id, LetterPause.BY_HAND, runtime.clock()):
            raise LetterError("There is nothing to pause: this letter is not scheduled or sending.")
        record_command(session, runtime, DeskActionName.LETTER_PAUSED, object_id=letter_id)
    click.echo(f"Paused. Only a request under way is finished. To go on: smallsteps letters resume {letter_id}")


@letters.command("resume")
@_LETTER_ID
@with_settings
@_with_sentences
def letters_resume(settings: Settings, letter_id: int) -> None:
    """Let exactly the rest of a paused letter go. Exit code 1 if it was not paused."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        if not letter_states.resume(session, letter_id, runtime.clock()):
            raise LetterError("There is nothing to resume: this letter is not paused.")
        record_command(session, runtime, DeskActionName.LETTER_RESUMED, object_id=letter_id)
    click.echo("The rest goes on within a minute.")


@letters.command("change-page")
@_LETTER_ID
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_settings
@_with_sentences
def letters_change_page(settings: Settings, letter_id: int, file: Path) -> None:
    """Change what a letter's page says; the page says on which day. The email stays as it went."""
    runtime = runtime_of(settings)
    content = parse_letter_file(file.name, file.read_text("utf-8", "replace")).content
    with runtime.database.write() as session:
        letter_archive.change_page(session, runtime.email_context(), letter_id, content, runtime.clock())
    click.echo("The page is changed, and says so.")


@letters.command("stop")
@_LETTER_ID
@click.option("--yes", is_flag=True, help="Do it; without this only say what would be done.")
@with_settings
@_with_sentences
def letters_stop(settings: Settings, letter_id: int, yes: bool) -> None:
    """End a letter for good: whoever has not had it never gets it."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        if yes:
            left = letter_states.stop(session, letter_id)
            record_command(session, runtime, DeskActionName.LETTER_STOPPED, object_id=letter_id, number=left)
    if not yes:
        with runtime.database.read() as session:
            left = progress(session, letter_id).left
        click.echo(f"{left} emails that are planned would not go; add --yes to do it.")
        return
    click.echo(f"Stopped. {left} emails that were planned do not go.")


def _redrawn(file: LetterFile, folder: Path, redrawer: PictureRedrawer) -> dict[str, Picture]:
    """Return the pictures of a file by their names in it, redrawn; those that cannot be are left out."""
    paths = letter_import.pictures_named(file, folder)
    redrawn = redrawer.redraw([path.read_bytes() for path in paths.values()])
    return {name: picture for name, picture in zip(paths, redrawn, strict=True) if picture is not None}


def _time(on: str | None, at: str | None, *, straightaway: bool) -> LetterTime:
    if sum((on is not None, at is not None, straightaway)) != 1:
        raise click.UsageError("Say when: --on DAY (each one's own hour), --at INSTANT, or --now.")
    if on is not None:
        try:
            return OwnHour(date.fromisoformat(on))
        except ValueError:
            raise click.BadParameter("write it like 2026-12-03", param_hint="--on") from None
    return AtInstant(instant_of(at, "--at")) if at is not None else Straightaway()
