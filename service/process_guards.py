"""What every process of the service does first: it makes its files private and disables core dumps."""

from __future__ import annotations

import os
import resource

PRIVATE = 0o077


def guard_process() -> None:
    """Make new files and folders readable by this user alone, and disable core dumps permanently.

    A core file would hold the encryption keys. Processes that this one starts inherit both.
    """
    os.umask(PRIVATE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
