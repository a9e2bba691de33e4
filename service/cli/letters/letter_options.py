"""What the commands about letters share: the id, `--json`, and ending with the sentence of what cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from service.core.letters.letter_file import LetterFileError
from service.flows.outgoing.letters.letter_drafts import LetterError

letter_id_named = click.argument("letter_id", metavar="ID", type=int)
ask_as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def with_sentences(command: Callable[..., Any]) -> Callable[..., Any]:
    """End a command with the sentence of what cannot be done."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except (LetterError, LetterFileError) as error:
            raise click.ClickException(str(error)) from None

    return run
