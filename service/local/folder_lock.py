"""The lock on var/: one `smallsteps up` at a time in a folder, since its queue, database and mailbox are there."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.local.start_error import StartError

LOCK_FILE = "up.lock"


@contextmanager
def locked_folder(var: Path, *, address: str) -> Iterator[None]:
    """Hold the lock on var/ until the end of the block, or of this process, however it ends.

    `address` is where the pages are; whoever finds the lock taken is told it.

    Raises:
        StartError: another process holds the lock, or the file cannot be locked.
    """
    try:
        file = (var / LOCK_FILE).open("a+")
    except OSError as error:
        raise StartError(f"{var / LOCK_FILE} cannot be used: {error.strerror}.") from None
    with file:
        try:
            # The kernel lets go of it when this process ends. No process that we start inherits the file.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StartError(
                f"Small Steps already runs in this folder, at {file.read().strip()}. "
                "Open it there, or stop it first with Ctrl-C in its window."
            ) from None
        except OSError as error:
            raise StartError(f"{file.name} cannot be locked: {error.strerror}.") from None
        file.truncate(0)
        file.write(f"{address}\n")
        file.flush()
        yield
