"""The command group `smallsteps domains`: the recipient domains that get no questions for now."""

from __future__ import annotations

import json

import click

from service.cli.command_log import record_command
from service.cli.command_options import ask_as_json
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.core.addresses import Address, AddressError
from service.core.sending.domain_results import PauseReason
from service.flows.desk.desk_log import DeskActionName
from service.flows.outgoing.sending import domain_pauses


@click.group()
def domains() -> None:
    """Recipient domains that refuse our mail, and whose questions are paused."""


@domains.command("paused")
@ask_as_json
@with_settings
def domains_paused(settings: Settings, as_json: bool) -> None:
    """List the paused domains, since when, and why."""
    runtime = runtime_of(settings)
    with runtime.database.read() as session:
        found = domain_pauses.paused_domains(session, runtime.keyring)
    rows = [
        {
            "domain": pause.domain,
            "reason": pause.reason,
            "paused_at": pause.paused_at.isoformat(),
            "results": pause.found.results,
            "refusals": pause.found.refusals,
            "complaints": pause.found.complaints,
        }
        for pause in found
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for pause, row in zip(found, rows, strict=True):
        cause = domain_pauses.CAUSES[PauseReason(pause.reason)].format(**row)
        click.echo(f"{pause.domain}  since {pause.paused_at:%Y-%m-%d %H:%M} UTC. {cause}.")
    if not found:
        click.echo("No domain is paused.")


@domains.command("resume")
@click.argument("domain")
@ask_as_json
@with_settings
def domains_resume(settings: Settings, domain: str, as_json: bool) -> None:
    """Send questions to DOMAIN again, within a quarter of an hour. Exit code 1 if it is not paused."""
    try:
        name = Address.parse(f"postmaster@{domain}").domain
    except AddressError:
        raise click.BadParameter("name a domain, such as example.com", param_hint="DOMAIN") from None
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        resumed = domain_pauses.resume(session, runtime.keyring, name)
        if resumed:
            record_command(session, runtime, DeskActionName.DOMAIN_RESUMED)
    if as_json:
        click.echo(json.dumps({"domain": name, "resumed": resumed}))
    elif resumed:
        click.echo(f"Questions to {name} are sent again.")
    else:
        click.echo(f"{name} is not paused.", err=True)
    raise SystemExit(0 if resumed else 1)
