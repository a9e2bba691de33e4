"""The command group `smallsteps sending`: holding and releasing all emails."""

from __future__ import annotations

import json

import click

from service.cli.command_log import record_command
from service.cli.command_options import ask_as_json
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.flows.desk.desk_log import DeskActionName
from service.flows.outgoing.settling.old_copy import MEANINGS, REMEDIES, release_by_operator
from service.models import HoldReason, Installation


@click.group()
def sending() -> None:
    """Hold all emails, and release them again."""


@sending.command("status")
@ask_as_json
@with_settings
def status(settings: Settings, as_json: bool) -> None:
    """Show whether sending is held, and why. Exit code 1 if it is."""
    with runtime_of(settings).database.read() as session:
        row = Installation.current(session)
    reason = HoldReason(row.held_because) if row.held_because else None
    if as_json:
        shown = {"held_because": reason, "held_at": row.held_at, "compared_at": row.compared_at}
        click.echo(json.dumps(shown, default=str))
    elif reason is None:
        click.echo("Emails go out.")
    else:
        click.echo(f"Nothing is sent since {row.held_at:%Y-%m-%d %H:%M} UTC: {MEANINGS[reason]}.")
        click.echo(f"What to do: {REMEDIES[reason]}.")
    raise SystemExit(1 if reason else 0)


@sending.command("hold")
@ask_as_json
@with_settings
def hold(settings: Settings, as_json: bool) -> None:
    """Send nothing until it is released; emails are still planned."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        Installation.hold(session, HoldReason.OPERATOR, runtime.clock())
        record_command(session, runtime, DeskActionName.SENDING_HELD)
    words = "Nothing is sent until `smallsteps sending release`. A request under way is finished."
    click.echo(json.dumps({"held_because": HoldReason.OPERATOR}) if as_json else words)


@sending.command("release")
@click.option("--anyway", is_flag=True, help="Even if some people may then get an email twice.")
@ask_as_json
@with_settings
def release(settings: Settings, anyway: bool, as_json: bool) -> None:
    """Send emails again. Exit code 1 if the provider's record must be compared or reconciled first."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        still = release_by_operator(session, runtime.clock(), anyway=anyway)
        if still is None:
            record_command(session, runtime, DeskActionName.SENDING_RELEASED)
    if as_json:
        click.echo(json.dumps({"held_because": still}))
    elif still is None:
        click.echo("Emails go out.")
    else:
        click.echo(f"Still held: {MEANINGS[still]}.", err=True)
        click.echo(f"What to do: {REMEDIES[still]}.", err=True)
    raise SystemExit(0 if still is None else 1)
