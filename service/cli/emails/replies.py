"""The command group `smallsteps replies`: incoming mail that was set aside, and processing it again."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from service.cli.command_log import record_command
from service.cli.command_options import ask_as_json
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.flows.desk.desk_log import DeskActionName
from service.flows.incoming.held import quarantine


@click.group()
def replies() -> None:
    """Incoming mail: what was set aside, and processing it again."""


@replies.command("held")
@ask_as_json
@with_settings
def replies_held(settings: Settings, as_json: bool) -> None:
    """List mail that is held or could not be read: ids, dates and reasons, nobody's words."""
    with runtime_of(settings).database.read() as session:
        found = quarantine.quarantined(session)
    if as_json:
        click.echo(json.dumps([asdict(mail) for mail in found], default=str))
        return
    for mail in found:
        kept = f"kept until {mail.kept_until:%Y-%m-%d}" if mail.kept_until else "the raw mail is gone"
        click.echo(f"{mail.id}  {mail.received_at:%Y-%m-%d %H:%M} UTC  {mail.outcome}: {mail.reason}  ({kept})")
    if not found:
        click.echo("Nothing is held, and everything could be read.")


@replies.command("replay")
@click.argument("ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--unreadable", is_flag=True, help="All that could not be read and is still here.")
@ask_as_json
@with_settings
def replies_replay(settings: Settings, ids: tuple[int, ...], unreadable: bool, as_json: bool) -> None:
    """Have mail processed again by the workers. Exit code 1 if one of them cannot be."""
    if bool(ids) == unreadable:
        raise click.UsageError("Name the ids that `smallsteps replies held` lists, or say --unreadable.")
    runtime = runtime_of(settings)
    if unreadable:
        with runtime.database.read() as session:
            ids = quarantine.unreadable(session)
    results = quarantine.replay(runtime.inbound_store(), ids, runtime.clock())
    enqueued = [mail.id for mail in results if mail.result is quarantine.ReplayResult.ENQUEUED]
    with runtime.database.write() as session:
        record_command(session, runtime, DeskActionName.REPLIES_REPLAYED, number=len(enqueued))
    runtime.job_queue.enqueue_replies(enqueued)
    if as_json:
        click.echo(json.dumps([asdict(mail) for mail in results]))
    for mail in () if as_json else results:
        click.echo(f"{mail.id}  {mail.result}", err=mail.id not in enqueued)
    if len(enqueued) < len(results):
        raise SystemExit(1)
    if not results and not as_json:
        click.echo("There is nothing to read again.")
