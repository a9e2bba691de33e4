"""The command group `smallsteps desk`: what the pages of the desk show and do for the writers, on the server."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from typing import Any

import click

from service.cli.command_log import record_command
from service.cli.command_options import address_of, ask_as_json
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.flows.desk import desk_passkeys as passkeys
from service.flows.desk import second_factor
from service.flows.desk.desk_log import DeskActionName
from service.flows.desk.desk_overview import overview
from service.flows.desk.desk_sign_in import writer_hashes
from service.flows.desk.desk_trouble import count_barred, count_quarantined
from service.models import DeskAction, DeskFactor, DeskPasskey, DeskSession
from service.runtime import Runtime

MOST_ACTIONS = 10_000
_EMAIL = click.argument("email", metavar="EMAIL")


@click.group()
def desk() -> None:
    """The desk of the writers: its second factor, its log, and what needs you."""


@desk.command("status")
@ask_as_json
@with_settings
def desk_status(settings: Settings, as_json: bool) -> None:
    """Say what needs you. Exit code 1 if something does."""
    runtime = runtime_of(settings)
    with runtime.database.read() as session:
        found = overview(session, runtime.clock())
    if as_json:
        click.echo(
            json.dumps({"needs": [asdict(need) for need in found.needs], "last_tick_at": str(found.last_tick_at)})
        )
    else:
        for need in found.needs:
            click.echo(need.sentence + (f" ({need.command})" if need.command else ""))
        if not found.needs:
            click.echo("Nothing needs you.")
    raise SystemExit(1 if found.needs else 0)


@desk.command("log")
@ask_as_json
@with_settings
def desk_log(settings: Settings, as_json: bool) -> None:
    """List what was done at the desk and by its commands, the newest first."""
    runtime = runtime_of(settings)
    with runtime.database.read() as session:
        rows = [_action_row(action) for action in DeskAction.newest(session, MOST_ACTIONS)]
    if as_json:
        click.echo(json.dumps(rows, default=str))
        return
    for row in rows:
        about = f" {row['object_id']}" if row["object_id"] else ""
        number = f": {row['number']}" if row["number"] is not None else ""
        failed = "" if row["failed_checks"] is None else f": failed: {row['failed_checks'] or 'none'}"
        click.echo(f"{row['at']:%Y-%m-%d %H:%M} UTC  {row['by']}  {row['action']}{about}{number}{failed}")
    if not rows:
        click.echo("Nothing was done yet.")


@desk.command("trouble")
@ask_as_json
@with_settings
def desk_trouble(settings: Settings, as_json: bool) -> None:
    """Count held and unreadable mail, and the addresses and domains that get nothing, by reason."""
    with runtime_of(settings).database.read() as session:
        mails, barred = count_quarantined(session), count_barred(session)
    if as_json:
        found = {"mails": [asdict(one) for one in mails], "barred": [asdict(one) for one in barred]}
        click.echo(json.dumps(found, default=str))
        return
    for mail in mails:
        click.echo(f"{mail.number} x mail {mail.outcome}: {mail.reason}")
    for one in barred:
        click.echo(f"{one.number} x {one.what} {one.reason}")
    if not (mails or barred):
        click.echo("There is none.")


@desk.command("enrol")
@_EMAIL
@ask_as_json
@with_settings
def desk_enrol(settings: Settings, email: str, as_json: bool) -> None:
    """Print a one-time code with which a writer sets up an authenticator app at the desk; it works for an hour."""
    runtime = runtime_of(settings)
    writer_hash, code = _writer(runtime, email), second_factor.new_enrol_code(secrets.choice)
    code_hash = runtime.keyring.index.digest("desk enrol", code.replace("-", "").encode())
    with runtime.database.write() as session:
        second_factor.begin_enrolment(session, runtime.keyring, writer_hash, code_hash, runtime.clock())
        record_command(session, runtime, DeskActionName.FACTOR_BEGUN, person_hash=writer_hash)
    if as_json:
        click.echo(json.dumps({"code": code, "page": f"{settings.base_url}/desk/second-factor"}))
        return
    click.echo(f"Type this code at {settings.base_url}/desk/second-factor within an hour: {code}")


@desk.command("reset")
@_EMAIL
@ask_as_json
@with_settings
def desk_reset(settings: Settings, email: str, as_json: bool) -> None:
    """Remove a writer's second factor, passkeys too, and sign them out everywhere. Exit code 1 if there was none."""
    runtime = runtime_of(settings)
    writer_hash = _writer(runtime, email)
    with runtime.database.write() as session:
        removed = DeskFactor.remove(session, writer_hash)
        number = DeskPasskey.remove_all(session, writer_hash)
        DeskSession.end_all(session, writer_hash)
        record_command(session, runtime, DeskActionName.FACTOR_RESET, person_hash=writer_hash)
        if number:
            record_command(session, runtime, DeskActionName.PASSKEY_REMOVED, person_hash=writer_hash, number=number)
    if as_json:
        click.echo(json.dumps({"removed": removed, "passkeys_removed": number}))
    elif removed or number:
        click.echo("Removed, and signed out everywhere.")
    else:
        click.echo("There was no second factor to remove.")
    raise SystemExit(0 if removed or number else 1)


@desk.command("passkeys")
@_EMAIL
@click.option("--remove", "removed_id", metavar="ID", help="Remove the passkey with this id first.")
@ask_as_json
@with_settings
def desk_passkeys(settings: Settings, email: str, removed_id: str | None, as_json: bool) -> None:
    """List a writer's passkeys by their names and dates. Exit code 1 if the one to remove isn't there."""
    runtime = runtime_of(settings)
    writer_hash = _writer(runtime, email)
    with runtime.database.write() as session:
        if removed_id is not None:
            passkey_id = passkeys.remove(session, writer_hash, removed_id)
            if passkey_id is None:
                raise click.ClickException("That writer has no passkey with that id.")
            about = {"object_id": passkey_id, "person_hash": writer_hash}
            record_command(session, runtime, DeskActionName.PASSKEY_REMOVED, **about)
        found = passkeys.named_passkeys(session, runtime.keyring, writer_hash)
    if as_json:
        rows = [asdict(one) for one in found]
        click.echo(json.dumps(rows, default=str))
        return
    for one in found:
        used = f", last used on {one.last_used_on}" if one.last_used_on else ""
        click.echo(f"{one.id}  {one.name}: added on {one.created_at:%Y-%m-%d}{used}")
    if not found:
        click.echo("There are none.")


def _writer(runtime: Runtime, email: str) -> bytes:
    writer_hash = runtime.keyring.address_hash(address_of(email))
    if writer_hash not in writer_hashes(runtime.keyring, runtime.settings.writer_emails):
        raise click.ClickException("That address is not in WRITER_EMAILS.")
    return writer_hash


def _action_row(action: DeskAction) -> dict[str, Any]:
    by = f"writer {action.writer_hash.hex()[:8]}" if action.writer_hash else f"shell {action.shell_user or '-'}"
    person = action.person_hash.hex()[:8] if action.person_hash else None
    return {
        "at": action.at,
        "by": by,
        "action": action.action,
        "object_id": action.object_id,
        "person": person,
        "number": action.number,
        "failed_checks": action.failed_checks,
    }
