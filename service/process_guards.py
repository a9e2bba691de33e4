"""What every process of the service does first: its files are private, and a crash writes no memory to disk."""

from __future__ import annotations

import os
import resource

PRIVATE = 0o077


def guard_process() -> None:
    """Let files and folders made from now on be readable by this user alone, and switch core dumps off for good.

    A core file would hold the encryption keys. Processes that this one starts inherit both.
    """
    os.umask(PRIVATE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
