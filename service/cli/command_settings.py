"""The start of every command: the settings and the runtime, or one line that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click

from service.config import Settings, SettingsError, load_settings
from service.core.sealing import SealError
from service.log_output import set_up_logging
from service.runtime import Runtime, make_runtime


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Pass the settings to a command, or end with one line that says what is wrong with them."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            settings = load_settings()
        except SettingsError as error:
            click.echo(str(error), err=True)
            raise SystemExit(2) from None
        set_up_logging(settings.log_level)
        return command(settings, *args, **options)

    return run


def runtime_of(settings: Settings, **parts: Any) -> Runtime:
    """Return the runtime, or end the command with one line that says what is wrong."""
    try:
        return make_runtime(settings, **parts)
    except SealError as error:
        raise click.ClickException(str(error)) from None


def instant_of(text: str, option: str) -> datetime:
    """Return the instant that an option names, in UTC; ends the command if it is not one, or has no zone."""
    try:
        instant = datetime.fromisoformat(text)
        in_utc = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter("write it like 2026-05-01T08:00:00Z", param_hint=option) from None
    if instant.tzinfo is None:
        raise click.BadParameter("add the zone, such as Z or +02:00", param_hint=option)
    return in_utc
