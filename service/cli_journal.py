"""The command group `smallsteps journal`: one person's journal, on that person's written wish."""

from __future__ import annotations

from typing import TextIO

import click

from service.cli_settings import runtime_of, with_settings
from service.config import Settings
from service.core.addresses import Address, AddressError
from service.flows.people import erase


@click.group()
def journal() -> None:
    """One person's journal, on that person's written wish."""


@journal.command("erase")
@click.argument("address_file", type=click.File("r", encoding="utf-8"))
@click.option("--apply", is_flag=True, help="Erase them now; without this, only say who would be erased.")
@with_settings
def journal_erase(settings: Settings, address_file: TextIO, apply: bool) -> None:
    """Erase the person whose address is in ADDRESS_FILE, or - to type it.

    The address is not an argument, since arguments stay in the shell's history. There is no way back. Exit code 1 if
    nobody has the address, or if erasing could not be finished now; then a job goes on with it.
    """
    try:
        address = Address.parse(address_file.read().strip())
    except AddressError:
        raise click.BadParameter("it must hold one email address", param_hint="ADDRESS_FILE") from None
    runtime = runtime_of(settings)
    with runtime.database.read() as session:
        person = erase.find(session, runtime.keyring, address)
    if person is None:
        click.echo("Nobody has this address.", err=True)
        raise SystemExit(1)
    click.echo(f"Signed up on {person.signed_up_on}, {person.status}, {person.entries} entries.")
    if not apply:
        click.echo("Nothing was erased. Add --apply to erase everything of this person; there is no way back.")
        return
    with runtime.database.write() as session:
        erasure_id = erase.erase_at_once(session, person.subscriber_id, runtime.clock())
    runtime.eraser().work(erasure_id)
    with runtime.database.read() as session:
        is_left = erase.find(session, runtime.keyring, address) is not None
    if is_left:
        click.echo("The mail provider does not answer. A job erases this person within about an hour.", err=True)
        raise SystemExit(1)
    click.echo("Everything of this person is erased.")
