"""The command group `smallsteps subscribers`: bring a list from another service, take it back, write the list out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from service.cli.command_log import record_command
from service.cli.command_options import ask_as_json
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.core.list_import import ListFileError, ListService, SubscriberList, read_list
from service.flows.desk.desk_log import DeskActionName
from service.flows.people.subscription.list_export import export_subscribers
from service.flows.people.subscription.list_import import ListOrigin, ListPlan, apply_import, plan_import, undo_import
from service.models import BroughtAs, ListImport
from service.runtime import Runtime

MAX_FILE_BYTES = 200_000_000
MAX_LINES_NAMED = 20
_BROUGHT = {
    BroughtAs.ACTIVE: "will get letters: they confirmed there, and the proof says what",
    BroughtAs.WAITING: "will be asked by email, once: nothing proves what they confirmed",
    BroughtAs.STOPPED: "stopped there, and are recorded as stopped",
    BroughtAs.BOUNCED: "have an address that does not exist, and are never written to",
}


@click.group()
def subscribers() -> None:
    """The list of subscribers: bring one, or write it out."""


@subscribers.command("import")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--source",
    type=click.Choice([service.value for service in ListService]),
    help="The service that exported the file.",
)
@click.option(
    "--proof",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the words of the old form, which its people agreed to.",
)
@click.option("--apply", "is_applied", is_flag=True, help="Do it. Without this nothing changes.")
@click.option("--undo", "undo_id", type=int, help="Take the import with this number back, until its first email.")
@ask_as_json
@with_settings
def subscribers_import(
    settings: Settings,
    *,
    file: Path | None,
    source: str | None,
    proof: Path | None,
    is_applied: bool,
    undo_id: int | None,
    as_json: bool,
) -> None:
    """Bring the people of FILE, for letters alone. It says what it would do; with --apply it does it.

    Nothing is overwritten: whoever is here, has stopped or may not be written to stays so, and whoever was brought
    before is not brought again. FILE is not kept. Exit code 1 if the file is no such list, or cannot be taken back.
    """
    if undo_id is not None:
        _undo(runtime_of(settings), undo_id)
        click.echo(json.dumps({"undone": undo_id}) if as_json else f"Import {undo_id} is taken back.")
        return
    if file is None or source is None:
        raise click.UsageError("Name the file and --source, or an import to --undo.")
    if file.stat().st_size > MAX_FILE_BYTES:
        raise click.ClickException("This file is larger than 200 MB. Divide it, and bring its parts one by one.")
    runtime = runtime_of(settings)
    try:
        listed = read_list(file.read_bytes(), ListService(source), runtime.clock())
    except ListFileError as error:
        raise click.ClickException(f"{error}.") from None
    origin = ListOrigin(ListService(source), proof.read_bytes() if proof else None, ZoneInfo(settings.writer_time_zone))
    plan, made = _bring(runtime, listed, origin, is_applied=is_applied)
    if as_json:
        click.echo(json.dumps(_plan_row(listed, plan) | {"import": made.id if made else None}))
        return
    _say_plan(listed, plan)
    _say_how_it_ended(made, is_applied=is_applied)


@subscribers.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@with_settings
def subscribers_export(settings: Settings, file: Path) -> None:
    """Write everybody on the list to FILE as CSV, with what they agreed to; only you can read it. FILE must be new."""
    runtime = runtime_of(settings)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"Cannot write {file}: {error.strerror}.") from None
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as written:
        count = sum(written.write(line) > 0 for line in export_subscribers(runtime.database, runtime.keyring))
    with runtime.database.write() as session:
        record_command(session, runtime, DeskActionName.LIST_EXPORTED, number=count - 1)
    click.echo(f"Wrote {count - 1} people to {file}. It holds their addresses: keep it safe, and delete it after use.")


def _bring(
    runtime: Runtime, listed: SubscriberList, origin: ListOrigin, *, is_applied: bool
) -> tuple[ListPlan, ListImport | None]:
    """Return what bringing a list does, and its record if that is wanted and there is anybody to bring."""
    if not is_applied:
        with runtime.database.read() as session:
            return plan_import(session, runtime.keyring, listed, origin), None
    with runtime.database.write() as session:
        plan = plan_import(session, runtime.keyring, listed, origin)
        made = apply_import(session, runtime.keyring, plan, origin, runtime.clock())
        if made is not None:
            number = len(plan.brought)
            record_command(session, runtime, DeskActionName.LIST_BROUGHT, object_id=made.id, number=number)
    return plan, made


def _plan_row(listed: SubscriberList, plan: ListPlan) -> dict[str, object]:
    """Return what bringing a list does in numbers, and the lines that hold no address that can be written to."""
    return {
        "people": len(listed.people),
        "brought": {brought_as.value: count for brought_as in _BROUGHT if (count := plan.count(brought_as))},
        "not_brought": {reason.value: count for reason, count in plan.not_brought.items()},
        "repeated": listed.repeated,
        "unreadable_lines": listed.unreadable_lines,
    }


def _say_plan(listed: SubscriberList, plan: ListPlan) -> None:
    click.echo(f"{len(listed.people)} people on the list.")
    for brought_as, words in _BROUGHT.items():
        if count := plan.count(brought_as):
            click.echo(f"  {count} {words}.")
    for reason, count in plan.not_brought.items():
        click.echo(f"  {count} {reason}, and stay as they are.")
    if listed.repeated:
        click.echo(f"  {listed.repeated} rows repeat an address of an earlier row.")
    if bad := listed.unreadable_lines:
        lines = ", ".join(map(str, bad[:MAX_LINES_NAMED])) + (" and others" if len(bad) > MAX_LINES_NAMED else "")
        click.echo(f"  {len(bad)} rows hold no address that can be written to: lines {lines}.")


def _say_how_it_ended(made: ListImport | None, *, is_applied: bool) -> None:
    if not is_applied:
        click.echo("Nothing has changed. Add --apply to do it.")
    elif made is None:
        click.echo("There was nobody to bring. Nothing has changed.")
    else:
        click.echo(
            f"Done, as import {made.id}. Until its first email, an hour from now at the earliest, take it back with:"
        )
        click.echo(f"  smallsteps subscribers import --undo {made.id}")


def _undo(runtime: Runtime, import_id: int) -> None:
    with runtime.database.write() as session:
        made = session.get(ListImport, import_id)
        is_undone = made is not None and undo_import(session, made, runtime.clock())
        if is_undone:
            record_command(session, runtime, DeskActionName.LIST_TAKEN_BACK, object_id=import_id)
    if not is_undone:
        raise click.ClickException(
            "This import cannot be taken back: no import has this number, it was taken back before, or it has led to "
            "an email already."
        )
