"""The command group `smallsteps prompts`: check the library, and preview prompts as emails."""

from __future__ import annotations

import click

from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.core.library.prompt_check import check
from service.core.library.prompts import KINDS, OWN_PREFIX, THEMES
from service.template_files import load_library, prompt_files


@click.group()
def prompts() -> None:
    """The prompt library."""


@prompts.command("check")
def prompts_check() -> None:
    """Check every prompt, and report each fault in a plain sentence."""
    files = prompt_files()
    problems = check(files)
    for problem in problems:
        click.echo(f"{problem.path}: {problem.sentence}", err=True)
    if problems:
        raise SystemExit(1)
    click.echo(f"{len(files)} files, and nothing to mend.")


@prompts.command("preview")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--theme", type=click.Choice(THEMES), help="All of a theme.")
@click.option("--kind", type=click.Choice(KINDS), help="All of a kind.")
@click.option("--locale", help="All of a locale, such as en-GB.")
@with_settings
def prompts_preview(settings: Settings, ids: tuple[str, ...], theme: str, kind: str, locale: str) -> None:
    """Send prompts to the local mailbox, each as an email; `make run` must be running."""
    from service.local import preview  # noqa: PLC0415 - no other command needs it

    filters = {name: value for name, value in (("theme", theme), ("kind", kind), ("locale", locale)) if value}
    if ids and filters:
        raise click.UsageError("Name prompts by their ids, or choose them by theme, kind and locale; not both.")
    library = load_library()
    if not ids and not filters:
        raise click.UsageError(
            "Name prompts by their ids, or choose some: --theme rest, --kind words, --locale en-GB.\n"
            f"Themes: {', '.join(THEMES)}.\nKinds: {', '.join(KINDS)}.\nLocales: {', '.join(library.locales)}."
        )
    try:
        if any(known.startswith(OWN_PREFIX) for known in ids):
            library = runtime_of(settings).library
        chosen = preview.by_ids(library, ids) if ids else preview.by_filters(library, filters)
        preview.require_mailbox(settings)
        url = preview.send(runtime_of(settings), chosen, say=click.echo)
    except preview.PreviewError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"To look at: {url}")
