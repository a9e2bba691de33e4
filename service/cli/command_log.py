"""Adding what a command does to the log of the desk."""

from __future__ import annotations

import getpass
from typing import Any

from sqlalchemy.orm import Session

from service.flows.desk.desk_log import Actor, DeskActionName, record_action
from service.runtime import Runtime


def record_command(session: Session, runtime: Runtime, name: DeskActionName, **about: Any) -> None:
    """Add an action of this shell's user to the log, in the transaction that carries it out."""
    record_action(session, runtime.keyring, _shell_actor(), name, runtime.clock(), **about)


def _shell_actor() -> Actor:
    """Return the user of this shell, as the log names them."""
    try:
        return Actor(shell_user=getpass.getuser())
    except (KeyError, OSError):  # a container may have a user without a name
        return Actor()
