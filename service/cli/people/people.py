"""The command group `smallsteps people`: what the desk does for one person, by their exact address, on the server."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import TextIO

import click
from sqlalchemy.orm import Session

from service.cli.command_log import record_command
from service.cli.command_options import address_in, ask_as_json
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.core.addresses import Address
from service.flows.desk import desk_people
from service.flows.desk.desk_log import DeskActionName
from service.flows.people.access.mail_requests import Requester, TooManyRequests
from service.flows.people.subscription import account
from service.flows.people.subscription.account import Rest
from service.mail.outbound.mailer import ProviderMisconfigured, ProviderUnreachable
from service.models import Subscriber
from service.runtime import Runtime

_CODES = 1_000_000
_ADDRESS = click.option(
    "--address", "file", type=click.File("r", encoding="utf-8"), default="-",
    help="A file that holds the person's address; standard input if not given, so that it stays out of the history.",
)  # fmt: skip


@click.group()
def people() -> None:
    """One person by their exact address: what is known of them besides words, rest, stop, and a bounce lifted."""


@people.command("find")
@_ADDRESS
@ask_as_json
@with_settings
def people_find(settings: Settings, file: TextIO, as_json: bool) -> None:
    """Show what is known of a person besides words. Exit code 1 if nobody has the address."""
    runtime = runtime_of(settings)
    with runtime.database.read() as session:
        found = desk_people.find_person(session, runtime.keyring, address_in(file))
    if found is None:
        raise click.ClickException("Nobody has that address here.")
    if as_json:
        click.echo(json.dumps(asdict(found), default=str))
        return
    for name, value in asdict(found).items():
        click.echo(f"{name:16} {value}")


@people.command("rest")
@_ADDRESS
@ask_as_json
@with_settings
def people_rest(settings: Settings, file: TextIO, as_json: bool) -> None:
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
@ask_as_json
@with_settings
def people_stop(settings: Settings, file: TextIO, as_json: bool) -> None:
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
@ask_as_json
@with_settings
def people_lift(settings: Settings, file: TextIO, as_json: bool) -> None:
    """Let an address that bounced get emails again, here and at Mailgun. A complaint is never lifted."""
    runtime, address = runtime_of(settings), address_in(file)
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


@people.command("sign-in")
@_ADDRESS
@ask_as_json
@with_settings
def people_sign_in(settings: Settings, file: TextIO, as_json: bool) -> None:
    """Send a person an email to sign in by, and print the code that its link asks for; it works for ten minutes."""
    runtime, code = runtime_of(settings), f"{secrets.randbelow(_CODES):06}"
    network, browser, hashed = (
        runtime.keyring.index.digest(purpose, text.encode())
        for purpose, text in (("network", "the desk"), ("browser", secrets.token_urlsafe()), ("code", code))
    )
    with runtime.database.write() as session:
        person = _found(session, runtime, address_in(file))
        asked = desk_people.send_sign_in(session, person, Requester(network, browser, hashed), runtime.clock())
        if isinstance(asked, TooManyRequests):
            raise click.ClickException("Too many were sent from here within the last hour. Try again later.")
        record_command(session, runtime, DeskActionName.SIGN_IN_SENT, object_id=person.id)
    runtime.job_queue.enqueue_mail_requests([asked])
    click.echo(json.dumps({"code": code}) if as_json else f"On its way. Tell them this code, which it asks for: {code}")


@people.command("consent")
@_ADDRESS
@ask_as_json
@with_settings
def people_consent(settings: Settings, file: TextIO, as_json: bool) -> None:
    """Show what a person agreed to and withdrew, oldest first."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        person = _found(session, runtime, address_in(file))
        lines = desk_people.consent_lines(session, person)
        record_command(session, runtime, DeskActionName.CONSENT_READ, object_id=person.id)
    if as_json:
        click.echo(json.dumps([asdict(line) for line in lines], default=str))
        return
    for line in lines:
        click.echo(f"{line.at:%Y-%m-%d %H:%M} UTC  {line.stream}  {line.event}  {line.source}  wording {line.wording}")


def _act(
    settings: Settings,
    file: TextIO | Address,
    name: DeskActionName,
    do: Callable[[Session, Subscriber, Runtime], object],
    *,
    as_json: bool,
) -> None:
    """Do something for one person, and add it to the log."""
    runtime = runtime_of(settings)
    address = file if isinstance(file, Address) else address_in(file)
    with runtime.database.write() as session:
        person = _found(session, runtime, address)
        do(session, person, runtime)
        record_command(session, runtime, name, object_id=person.id)
    with runtime.database.read() as session:
        found = desk_people.find_person(session, runtime.keyring, address)
    assert found is not None
    click.echo(json.dumps(asdict(found), default=str) if as_json else f"Done. They are {found.status} now.")


def _found(session: Session, runtime: Runtime, address: Address) -> Subscriber:
    """Return who has an address, locked; ends the command if nobody does."""
    found = desk_people.find_person(session, runtime.keyring, address)
    person = Subscriber.locked(session, found.subscriber_id) if found is not None else None
    if person is None:
        raise click.ClickException("Nobody has that address here.")
    return person
