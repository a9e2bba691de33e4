"""The command group `smallsteps keys`: which keys of ENCRYPTION_KEYS are still needed, and retiring an old one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from service.cli.command_log import record_command
from service.cli.command_options import ask_as_json
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.core.sealing import MasterKeys
from service.db import Database
from service.flows.desk.desk_log import DeskActionName
from service.flows.people.personal_data.key_rotation import (
    KeyRotation,
    MasterKeyUse,
    RotatedKeys,
    master_key_uses,
    number_to_rotate,
)


@click.group()
def keys() -> None:
    """The keys of ENCRYPTION_KEYS: which are still needed, and retiring an old one."""


@keys.command("list")
@ask_as_json
@with_settings
def keys_list(settings: Settings, as_json: bool) -> None:
    """Show each key by a fingerprint, and how many wrapped keys in the database need it.

    Exit code 1 if a key is needed that is not in ENCRYPTION_KEYS.
    """
    # Without the keyring, so that it also says which key is missing when nothing else starts.
    with Database.at(settings.database_url).read() as session:
        uses = master_key_uses(session, MasterKeys(settings.keys))
    if as_json:
        click.echo(json.dumps([{**asdict(use), "can_go": use.can_go} for use in uses]))
    else:
        _print_uses(uses)
    raise SystemExit(1 if any(use.position is None for use in uses) else 0)


@keys.command("rotate")
@click.option("--apply", is_flag=True, help="Do it now; without this, only say what would be done.")
@ask_as_json
@with_settings
def keys_rotate(settings: Settings, apply: bool, as_json: bool) -> None:
    """Wrap every key in the database by the first key of ENCRYPTION_KEYS, so that the others can be removed.

    The service may run meanwhile, once each of its processes has started with the new list. Nobody's words are
    changed. What was interrupted is finished by running it again. Exit code 1 if a key still needs an older one.
    """
    runtime = runtime_of(settings)
    if not apply:
        with runtime.database.read() as session:
            number = number_to_rotate(session, runtime.keyring.masters)
        said = f"Nothing was changed. To be wrapped again: {_keys(number)}. Add --apply to do it."
        click.echo(json.dumps({"to_wrap": number, "applied": False}) if as_json else said)
        return
    done = KeyRotation(runtime.database, runtime.keyring).work(
        lambda session, number: record_command(session, runtime, DeskActionName.KEYS_ROTATED, number=number)
    )
    if as_json:
        click.echo(json.dumps({**asdict(done), "applied": True}))
    else:
        _print_rotated(done)
    raise SystemExit(1 if done.left else 0)


def _print_uses(uses: Sequence[MasterKeyUse]) -> None:
    for use in uses:
        place = f"number {use.position}" if use.position else "not in ENCRYPTION_KEYS"
        click.echo(f"{use.fingerprint}  {place}. {_what_to_do(use)}")


def _what_to_do(use: MasterKeyUse) -> str:
    if use.position is None:
        return f"Needed by {_keys(use.needed_by)}, which cannot be opened now: put it back at the end of the list."
    if use.position == 1:
        return f"It wraps new keys, and is needed by {_keys(use.needed_by)}."
    if use.can_go:
        return "Nothing needs this key any more: remove it from ENCRYPTION_KEYS, and start every process again."
    return f"Still needed by {_keys(use.needed_by)}: run `smallsteps keys rotate --apply`."


def _print_rotated(done: RotatedKeys) -> None:
    click.echo(f"Wrapped again: {_keys(done.wrapped)}.")
    if not done.left:
        click.echo("Nothing needs an older key any more. Check it with `smallsteps keys list` before you remove one.")
    elif done.unreadable:
        click.echo(
            f"Cannot be opened: {_keys(done.unreadable)}, damaged, or wrapped by a key that is not in ENCRYPTION_KEYS. "
            "`smallsteps keys list` shows which key that is.",
            err=True,
        )
    else:
        click.echo(f"Still needing an older key: {_keys(done.left)}. Run this command again.", err=True)


def _keys(number: int) -> str:
    return f"{number} wrapped keys" if number != 1 else "1 wrapped key"
