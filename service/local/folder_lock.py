"""The lock on var/, which holds queue, database and mailbox: one `smallsteps up` at a time in a folder."""

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

    `address` is the URL of the pages, which the error of a second start shows.

    Raises:
        StartError: another process holds the lock, or the file cannot be locked.
    """
    try:
        file = (var / LOCK_FILE).open("a+")
    except OSError as error:
        raise StartError(f"{var / LOCK_FILE} cannot be used: {error.strerror}.") from None
    with file:
        try:
            # The kernel releases the lock when this process ends. Processes that we start do not inherit the file.
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
