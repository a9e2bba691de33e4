"""What commands share: the option `--json`, and ending with the sentence of what cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

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
