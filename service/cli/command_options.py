"""What commands share: the option `--json`, an address, and ending with the sentence of what cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TextIO

import click

from service.core.addresses import Address, AddressError
from service.core.letters.letter_file import LetterFileError
from service.core.library.prompts import PromptError
from service.flows.outgoing.letters.letter_drafts import LetterError

ask_as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def with_sentences(command: Callable[..., Any]) -> Callable[..., Any]:
    """End a command with the sentence of what cannot be done."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except (LetterError, LetterFileError, PromptError) as error:
            raise click.ClickException(str(error)) from None

    return run


def address_of(typed: str) -> Address:
    """Return an address as it was typed; ends the command if it is not one."""
    try:
        return Address.parse(typed.strip())
    except AddressError:
        raise click.ClickException("That is not an email address.") from None


def address_in(file: TextIO) -> Address:
    """Return the address that is all of a file; ends the command if it is something else."""
    try:
        return address_of(file.read())
    except UnicodeDecodeError:
        raise click.ClickException("That file is not text with an email address.") from None
