"""The command group `smallsteps deliveries`: see what became of emails, and mend what the service does not mend itself.

Nothing here shows an address or a word. What changes anything says first what it would do, and does it with --yes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from service.cli.command_log import record_command
from service.cli.command_options import ask_as_json
from service.cli.command_settings import instant_of, runtime_of, with_settings
from service.config import Settings
from service.flows.desk.desk_log import DeskActionName
from service.flows.outgoing.settling import old_copy
from service.mail.outbound.mailer import ProviderMisconfigured, ProviderUnreachable
from service.models import DeliveryKind, DeliveryState, Installation
from service.models.outgoing.deliveries import delivery_search
from service.models.outgoing.deliveries.delivery_search import DeliverySelection, ListedDelivery
from service.runtime import Runtime

MOST = 10_000
_KINDS = click.Choice([kind.value for kind in DeliveryKind])


@click.group()
def deliveries() -> None:
    """Emails that are owed or were sent: list them, send them again, and settle those in doubt."""


def _selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says which deliveries are meant."""
    for option in (
        ask_as_json,
        click.option("--reason", default="", help="Only those whose reason begins like this."),
        click.option("--kind", type=_KINDS, default=None, help="Only this kind of email."),
    ):
        command = option(command)
    return command


@deliveries.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice([state.value for state in DeliveryState]))
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, MOST))
@_selecting
@with_settings
def list_(
    settings: Settings, *, states: tuple[str, ...], limit: int, kind: str | None, reason: str, as_json: bool
) -> None:
    """List deliveries in doubt and failed ones, or those in the states that are named."""
    selection = DeliverySelection(states or delivery_search.IN_TROUBLE, kind=kind or "", reason=reason)
    found = _find(runtime_of(settings), selection, limit)
    _print(found, as_json, "There are none.")


@deliveries.command("show")
@click.argument("delivery_id", metavar="ID", type=int)
@ask_as_json
@with_settings
def show(settings: Settings, delivery_id: int, as_json: bool) -> None:
    """Show one delivery. Exit code 1 if there is none with this id."""
    found = _find(runtime_of(settings), DeliverySelection(ids=(delivery_id,)), 1)
    if not found:
        raise click.ClickException("No delivery has this id.")
    if as_json:
        click.echo(_json(asdict(found[0])))
        return
    for name, value in asdict(found[0]).items():
        click.echo(f"{name:12} {_shown(value)}")


@deliveries.command("retry")
@click.argument("ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--state", type=click.Choice([state.value for state in delivery_search.IN_TROUBLE]), default=None)
@click.option("--letter", "letter_id", type=int, default=None, help="Only emails of this letter that failed.")
@click.option("--yes", is_flag=True, help="Do it; without this only say what would be done.")
@_selecting
@with_settings
def retry(
    settings: Settings,
    *,
    ids: tuple[int, ...],
    state: str | None,
    letter_id: int | None,
    yes: bool,
    kind: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Send again what failed or is in doubt; what is too late by then is skipped."""
    _require_selection(ids, state, kind, reason, letter_id)
    runtime = runtime_of(settings)
    failed = (
        (DeliveryState.FAILED,) if letter_id else delivery_search.IN_TROUBLE
    )  # `settle` asks the record about the others
    selection = DeliverySelection((state,) if state else failed, ids, kind or "", reason, letter_id)
    found = _find(runtime, selection, MOST)
    in_doubt = sum(delivery.state == DeliveryState.UNKNOWN for delivery in found)
    if in_doubt:
        click.echo(f"{in_doubt} of them are in doubt and may arrive twice; `deliveries settle` asks first.", err=True)
    if not yes:
        _print(found, as_json, "There are none.", "would be sent again; add --yes to do it")
        return
    with runtime.database.write() as session:
        planned = delivery_search.plan_by_command(session, [delivery.id for delivery in found], runtime.clock())
        record_command(session, runtime, DeskActionName.DELIVERIES_RETRIED, number=len(planned))
    runtime.job_queue.enqueue_deliveries(planned)
    _print([one for one in found if one.id in set(planned)], as_json, "There are none.", "will be sent again")


@deliveries.command("settle")
@click.argument("ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--as", "as_state", type=click.Choice(["sent", "failed"]), default=None, help="What you know of them.")
@click.option("--yes", is_flag=True, help="Do it; without this only say what would be done.")
@_selecting
@with_settings
def settle(
    settings: Settings,
    *,
    ids: tuple[int, ...],
    as_state: str | None,
    yes: bool,
    kind: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Settle what is in doubt: by the provider's record, or with --as by what you know. Exit code 1 if some is left."""
    runtime = runtime_of(settings)
    found = _find(runtime, DeliverySelection((DeliveryState.UNKNOWN,), ids, kind or "", reason), MOST)
    if not yes:
        how = f"would be settled as {as_state}" if as_state else "would be asked about"
        _print(found, as_json, "Nothing is in doubt.", f"{how}; add --yes to do it")
        return
    wanted = [delivery.id for delivery in found]
    problem = ""
    if as_state:
        with runtime.database.write() as session:
            ended = delivery_search.end_by_command(session, wanted, DeliveryState(as_state), runtime.clock())
            record_command(session, runtime, DeskActionName.DELIVERIES_SETTLED, number=len(ended))
    else:
        report = runtime.settler().settle(wanted)
        runtime.job_queue.enqueue_deliveries(report.planned_again)
        problem = report.problem
    settled = _find(runtime, DeliverySelection(ids=tuple(wanted)), MOST) if wanted else []
    _print(settled, as_json, "Nothing is in doubt.")
    if problem:
        click.echo(problem, err=True)
    if any(delivery.state == DeliveryState.UNKNOWN for delivery in settled):
        raise SystemExit(1)


@deliveries.command("reconcile")
@click.option("--since", default=None, help="From when, in ISO form with a zone; since it last agreed, if not said.")
@click.option("--yes", is_flag=True, help="Do it; without this only say what would be done.")
@ask_as_json
@with_settings
def reconcile(settings: Settings, since: str | None, yes: bool, as_json: bool) -> None:
    """Mark as sent what the provider's record shows, after an old copy of the database was restored."""
    begin = instant_of(since, "--since") if since else None
    runtime = runtime_of(settings)
    now = runtime.clock()
    with runtime.database.read() as session:
        row = Installation.current(session)
    try:
        report = old_copy.reconcile(
            runtime.database,
            runtime.keyring,
            runtime.mailer,
            since=begin or row.compared_at,
            now=now,
            write=yes,
        )
    except (ProviderMisconfigured, ProviderUnreachable) as error:
        raise click.ClickException(f"The provider's record could not be read to its end: {error}") from None
    if yes:
        with runtime.database.write() as session:
            Installation.note_reconciled(session, now)
    if as_json:
        click.echo(_json(asdict(report) | {"written": yes}))
        return
    verb = "are now" if yes else "would be"
    click.echo(f"Since {_shown(report.since)} the provider took emails that this database did not know:")
    click.echo(f"{report.marked} planned ones {verb} marked as sent, {report.added} others {verb} added as sent.")
    if report.strangers:
        click.echo(f"{report.strangers} went to people whom this database does not know (any more).")
    if not yes:
        click.echo("Add --yes to do it.")
    elif row.held_because is not None:
        click.echo("The record may lag by 45 minutes. When nothing new appears: smallsteps sending release")


def _require_selection(ids: Sequence[int], *others: str | int | None) -> None:
    if not ids and not any(others):
        raise click.UsageError("Say which: ids, --state, --kind, --letter or --reason.")


def _find(runtime: Runtime, selection: DeliverySelection, limit: int) -> list[ListedDelivery]:
    with runtime.database.read() as session:
        return delivery_search.find(session, selection, limit)


def _print(found: Sequence[ListedDelivery], as_json: bool, nothing: str, what: str = "") -> None:
    if as_json:
        click.echo(_json([asdict(delivery) for delivery in found]))
        return
    for one in found:
        click.echo(f"{one.id}  {one.kind}  {one.slot}  {one.state}: {one.reason or '-'}  (due {_shown(one.ready_at)})")
    if not found:
        click.echo(nothing)
    elif what:
        click.echo(f"{len(found)} {what}.")


def _shown(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else "-" if value is None else str(value)


def _json(value: object) -> str:
    return json.dumps(value, default=str)
