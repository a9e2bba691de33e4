"""The command group `smallsteps journal`: what somebody asked for in writing about their journal."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import click

from service.cli.command_log import record_command
from service.cli.command_options import address_in, address_of, ask_as_json
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.core.addresses import Address
from service.core.journal_export.book_period import BookPeriod, PeriodError
from service.core.sealing import SealError
from service.flows.desk.desk_log import DeskActionName
from service.flows.people.journal_export import exports
from service.flows.people.journal_export.book_printer import BookNotPrintedError, can_print
from service.flows.people.journal_export.export_order import ExportOrder
from service.flows.people.personal_data import erase
from service.models import ExportForm, Subscriber
from service.runtime import Runtime
from service.storage import StorageError


@click.group()
def journal() -> None:
    """Somebody's journal, on their written wish."""


@journal.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--form",
    type=click.Choice([form.value for form in ExportForm]),
    default=ExportForm.OWN.value,
    show_default=True,
    help="Our own zip, Day One's, or a book; pdfs is a zip with a PDF for each year.",
)
@click.option("--from", "first", default="", metavar="DATE", help="The first day of a book, such as 2026-01-01.")
@click.option("--to", "last", default="", metavar="DATE", help="The last day of a book, such as 2026-12-31.")
@with_settings
def journal_export(settings: Settings, file: Path, form: str, first: str, last: str) -> None:
    """Write one person's journal to FILE, which only you can read and which must be new.

    It asks for their address, which is better not an argument: other people of this machine could see that. A photo
    or mail that cannot be read is left out and named in the file. Exit code 1 if nobody has this address.
    """
    period = _period(ExportForm(form), first, last)
    runtime = runtime_of(settings)
    person = _person(runtime, click.prompt("Whose journal? Their address"))
    _check_book(runtime, person, ExportForm(form), period)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"Cannot write {file}: {error.strerror}.") from None
    try:
        with os.fdopen(handle, "wb") as written:
            runtime.journal_file_writer().write(
                ExportOrder(
                    person, ExportForm(form), runtime.clock(), written.write, skips_unreadable=True, period=period
                )
            )
    except (SealError, StorageError, BookNotPrintedError, OSError) as error:
        file.unlink(missing_ok=True)
        raise click.ClickException(f"The journal could not be written ({type(error).__name__}).") from None
    click.echo(f"Wrote {file}. It holds a person's words in plain text: give it to nobody else, and delete it after.")


@journal.command("erase")
@click.argument("address_file", type=click.File("r", encoding="utf-8"))
@click.option("--apply", is_flag=True, help="Erase them now; without this, only say who would be erased.")
@ask_as_json
@with_settings
def journal_erase(settings: Settings, address_file: TextIO, apply: bool, as_json: bool) -> None:
    """Erase the person whose address is in ADDRESS_FILE, or - to type it.

    The address is not an argument, since arguments stay in the shell's history. There is no way back. Exit code 1 if
    nobody has the address, or if erasing could not be finished now; then a job goes on with it.
    """
    address = address_in(address_file)
    runtime = runtime_of(settings)
    with runtime.database.read() as session:
        person = erase.find(session, runtime.keyring, address, runtime.clock())
    if person is None:
        click.echo("Nobody has this address.", err=True)
        raise SystemExit(1)
    if not as_json:
        _print_who(person)
    is_left = _erase_now(runtime, person.subscriber_id, address) if apply else True
    if as_json:
        click.echo(json.dumps({**asdict(person), "erased": not is_left}, default=str))
    elif not apply:
        click.echo("Nothing was erased. Add --apply to erase everything of this person; there is no way back.")
    elif is_left:
        click.echo("The mail provider does not answer. A job erases this person within about an hour.", err=True)
    else:
        click.echo("Everything of this person is erased.")
    raise SystemExit(1 if apply and is_left else 0)


def _print_who(person: erase.WhoIsErased) -> None:
    click.echo(f"Signed up on {person.signed_up_on}, {person.status}, {person.entries} entries.")
    if person.moved_until:
        click.echo(
            f"Their former address can take a change of address back until {person.moved_until}. Wait until then."
        )


def _erase_now(runtime: Runtime, subscriber_id: int, address: Address) -> bool:
    """Erase somebody; return whether anything of them is left, for a job to go on with."""
    with runtime.database.write() as session:
        erasure_id = erase.erase_at_once(session, subscriber_id, runtime.clock())
        address_hash = runtime.keyring.address_hash(address)
        record_command(session, runtime, DeskActionName.PERSON_ERASED, person_hash=address_hash)
    runtime.eraser().work(erasure_id)
    with runtime.database.read() as session:
        return erase.find(session, runtime.keyring, address, runtime.clock()) is not None


def _period(form: ExportForm, first: str, last: str) -> BookPeriod:
    if (first or last) and not form.is_book:
        raise click.UsageError("--from and --to are for books: --form pdf, pdfs and epub.")
    if form.is_printed and not can_print():
        raise click.ClickException("PDF needs Linux, and the packages that `make book` installs.")
    try:
        return BookPeriod.parse(first, last)
    except PeriodError as error:
        option = "--from" if error.end == "first" else "--to"
        raise click.BadParameter(f"{error}.", param_hint=option) from None


def _check_book(runtime: Runtime, person: Subscriber, form: ExportForm, period: BookPeriod) -> None:
    if not form.is_book:
        return
    with runtime.database.read() as session:
        fitting, problem = exports.form_of_book(session, person, form, period)
    if not problem and fitting != form:
        problem = "That is more than one PDF can hold. Use --form pdfs: a zip with a PDF for each year"
    if problem:
        raise click.ClickException(f"{problem}.")


def _person(runtime: Runtime, typed: str) -> Subscriber:
    address = address_of(typed)
    with runtime.database.read() as session:
        person = Subscriber.with_address(session, runtime.keyring.address_hash(address))
    if person is None:
        raise click.ClickException("Nobody has this address.")
    return person
