"""The command groups `smallsteps desk` and `smallsteps people`: what the pages of the desk do, on the server."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click
from sqlalchemy.orm import Session

from service.cli_actions import record_command
from service.cli_settings import runtime_of, with_settings
from service.config import Settings
from service.core.addresses import Address, AddressError
from service.flows.desk import desk_people, second_factor
from service.flows.desk.desk_log import DeskActionName
from service.flows.desk.desk_overview import overview
from service.flows.desk.desk_sign_in import writer_hashes
from service.flows.people import account
from service.flows.people.account import Rest
from service.mail.outbound.mailer import ProviderMisconfigured, ProviderUnreachable
from service.models import DeskAction, DeskFactor, DeskSession, Subscriber
from service.runtime import Runtime

MOST_ACTIONS = 10_000
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_EMAIL = click.argument("email", metavar="EMAIL")
_ADDRESS = click.option(
    "--address", "file", type=click.File("r", encoding="utf-8"), default="-",
    help="A file that holds the person's address; standard input if not given, so that it stays out of the history.",
)  # fmt: skip


@click.group()
def desk() -> None:
    """The desk of the writers: its second factor, its log, and what needs you."""


@click.group()
def people() -> None:
    """One person by their exact address: what is known of them besides words, rest, stop, and a bounce lifted."""


@desk.command("status")
@_AS_JSON
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
@_AS_JSON
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
        click.echo(f"{row['at']:%Y-%m-%d %H:%M} UTC  {row['by']}  {row['action']}{about}{number}")
    if not rows:
        click.echo("Nothing was done yet.")


@desk.command("enrol")
@_EMAIL
@_AS_JSON
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
@_AS_JSON
@with_settings
def desk_reset(settings: Settings, email: str, as_json: bool) -> None:
    """Remove a writer's second factor and sign them out everywhere. Exit code 1 if there was none."""
    runtime = runtime_of(settings)
    writer_hash = _writer(runtime, email)
    with runtime.database.write() as session:
        removed = DeskFactor.remove(session, writer_hash)
        DeskSession.end_all(session, writer_hash)
        record_command(session, runtime, DeskActionName.FACTOR_RESET, person_hash=writer_hash)
    if as_json:
        click.echo(json.dumps({"removed": removed}))
    else:
        click.echo("Removed, and signed out everywhere." if removed else "There was no second factor to remove.")
    raise SystemExit(0 if removed else 1)


@people.command("find")
@_ADDRESS
@_AS_JSON
@with_settings
def people_find(settings: Settings, file: Any, as_json: bool) -> None:
    """Show what is known of a person besides words. Exit code 1 if nobody has the address."""
    runtime = runtime_of(settings)
    with runtime.database.read() as session:
        found = desk_people.find_person(session, runtime.keyring, _address(file))
    if found is None:
        raise click.ClickException("Nobody has that address here.")
    if as_json:
        click.echo(json.dumps(asdict(found), default=str))
        return
    for name, value in asdict(found).items():
        click.echo(f"{name:16} {value}")


@people.command("rest")
@_ADDRESS
@_AS_JSON
@with_settings
def people_rest(settings: Settings, file: Any, as_json: bool) -> None:
    """Begin a rest without an end for a person who asked you for it."""
    _act(
        settings,
        file,
        DeskActionName.PERSON_RESTED,
        lambda session, person, runtime: account.rest(session, person, Rest.OPEN_ENDED, runtime.clock()),
        as_json=as_json,
    )


@people.command("stop")
@_ADDRESS
@_AS_JSON
@with_settings
def people_stop(settings: Settings, file: Any, as_json: bool) -> None:
    """Stop every email of a person who asked you for it."""
    _act(
        settings,
        file,
        DeskActionName.PERSON_STOPPED,
        lambda session, person, runtime: account.stop(session, person, runtime.clock(), source="desk"),
        as_json=as_json,
    )


@people.command("lift-bounce")
@_ADDRESS
@_AS_JSON
@with_settings
def people_lift(settings: Settings, file: Any, as_json: bool) -> None:
    """Let an address that bounced get emails again, here and at Mailgun. A complaint is never lifted."""
    runtime, address = runtime_of(settings), _address(file)
    with runtime.database.read() as session:
        found = desk_people.find_person(session, runtime.keyring, address)
        if found is None or desk_people.bounced_person(session, found.subscriber_id) is None:
            raise click.ClickException("That address is not barred for a bounce.")
    try:
        runtime.mailer.lift_suppression(address.text)
    except (ProviderMisconfigured, ProviderUnreachable) as error:
        raise click.ClickException(f"Nothing has changed, because Mailgun could not be asked: {error}") from None
    _act(
        settings,
        address,
        DeskActionName.BOUNCE_LIFTED,
        lambda session, person, _: desk_people.lift_bounce(session, person),
        as_json=as_json,
    )


def _act(
    settings: Settings,
    file: Any,
    name: DeskActionName,
    do: Callable[[Session, Subscriber, Runtime], object],
    *,
    as_json: bool,
) -> None:
    """Do something for one person, and add it to the log."""
    runtime = runtime_of(settings)
    address = file if isinstance(file, Address) else _address(file)
    with runtime.database.write() as session:
        found = desk_people.find_person(session, runtime.keyring, address)
        person = Subscriber.locked(session, found.subscriber_id) if found is not None else None
        if person is None:
            raise click.ClickException("Nobody has that address here.")
        do(session, person, runtime)
        record_command(session, runtime, name, object_id=person.id)
    with runtime.database.read() as session:
        found = desk_people.find_person(session, runtime.keyring, address)
    assert found is not None
    click.echo(json.dumps(asdict(found), default=str) if as_json else f"Done. They are {found.status} now.")


def _writer(runtime: Runtime, email: str) -> bytes:
    try:
        writer_hash = runtime.keyring.address_hash(Address.parse(email))
    except AddressError:
        raise click.ClickException("That is no email address.") from None
    if writer_hash not in writer_hashes(runtime.keyring, runtime.settings.writer_emails):
        raise click.ClickException("That address is not in WRITER_EMAILS.")
    return writer_hash


def _address(file: Any) -> Address:
    try:
        return Address.parse(file.read().strip())
    except (AddressError, UnicodeDecodeError):
        raise click.ClickException("That is no email address.") from None


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
    }
