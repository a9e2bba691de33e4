"""The command group `smallsteps letters`: from a file to everybody who asked for letters, and how far one has gone."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from service.cli.command_log import record_command
from service.cli.command_options import ask_as_json, with_sentences
from service.cli.command_settings import instant_of, runtime_of, with_settings
from service.cli.letters.letters_output import end_over_failures, letter_row, print_check, when_it_begins
from service.config import Settings
from service.core.journal.photos import Picture
from service.core.letters.letter_file import LetterFile, parse_letter_file
from service.core.letters.letter_words import PAUSE_REASONS
from service.flows.checks.before_letters import failures_before_letters
from service.flows.desk.desk_log import DeskActionName
from service.flows.outgoing.letters import letter_check, letter_import, letter_test_mail
from service.flows.outgoing.letters.letter_scheduling import (
    AtInstant,
    LetterTime,
    OwnHour,
    Straightaway,
    schedule,
)
from service.mail.sandbox.pictures import PictureRedrawer
from service.models import Letter
from service.template_files import TEMPLATES

MOST_LISTED = 100
_ID = click.argument("letter_id", metavar="ID", type=int)


@click.group()
def letters() -> None:
    """Letters: your posts, by email, to everybody who asked for them."""


@letters.command("import")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@ask_as_json
@with_settings
@with_sentences
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
@ask_as_json
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
@_ID
@click.option("--at", default=None, help="The instant at which it is to go, in ISO form with a zone.")
@ask_as_json
@with_settings
@with_sentences
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
@_ID
@ask_as_json
@with_settings
@with_sentences
def letters_test(settings: Settings, letter_id: int, as_json: bool) -> None:
    """Send a letter to WRITER_EMAILS alone, to look at."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        email = letter_test_mail.make_test_mail(session, runtime.email_context(), letter_id)
        record_command(session, runtime, DeskActionName.LETTER_TESTED, object_id=letter_id)
    letter_test_mail.send_test(runtime.mailer, email, settings.writer_emails)
    if as_json:
        click.echo(json.dumps({"id": letter_id, "sent_to": len(settings.writer_emails)}))
        return
    click.echo("Sent to the writers alone.")


@letters.command("send")
@_ID
@click.option("--on", default=None, help="A day, such as 2026-12-03: everybody gets it at their own hour.")
@click.option("--at", default=None, help="An instant, such as 2026-12-03T08:00:00Z: everybody gets it then.")
@click.option("--now", "straightaway", is_flag=True, help="In five minutes; until then `take-back` undoes it.")
@click.option(
    "--anyway",
    is_flag=True,
    help="Send it even if a check of the doctor fails; the log names those that do.",
)
@ask_as_json
@with_settings
@with_sentences
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

    It is not scheduled while a check of the doctor fails (exit code 1), and it does not begin over one either.
    """
    when = _time(on, at, straightaway=straightaway)
    runtime = runtime_of(settings)
    failed = failures_before_letters(runtime.doctor())
    if not anyway:
        end_over_failures(failed, as_json=as_json)
    with runtime.database.write() as session:
        letter = schedule(session, runtime.email_context(), letter_id, when, runtime.clock(), anyway=anyway)
        action = DeskActionName.LETTER_SENT_ANYWAY if anyway else DeskActionName.LETTER_SENT
        failed_checks = [found.check for found in failed] if anyway else None
        record_command(session, runtime, action, object_id=letter_id, failed_checks=failed_checks)
        row = letter_row(session, letter)
    if as_json:
        click.echo(json.dumps(row, default=str))
        return
    click.echo(when_it_begins(letter, runtime))
    click.echo(f"To undo it before then: smallsteps letters take-back {letter_id}")


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
