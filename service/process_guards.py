"""What every process of the service does first, and what those do that live long."""

from __future__ import annotations

import gc
import os
import resource

PRIVATE = 0o077


def guard_process() -> None:
    """Make new files and folders readable by this user alone, and disable core dumps permanently.

    A core file would hold the encryption keys. Processes that this one starts inherit both.
    """
    os.umask(PRIVATE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def exempt_from_collection() -> None:
    """Exempt all objects that exist now from garbage collection, for a process that has loaded all it needs.

    They live as long as the process. Full collections while it works would otherwise walk the libraries' objects,
    which took about a sixth of the time of planning (`bench.planning`).
    """
    gc.collect()
    gc.freeze()
