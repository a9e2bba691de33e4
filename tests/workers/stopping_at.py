"""A worker that stops dead on entry to a function, for the faults' tests: `python -m ... MODULE:NAME QUEUE`.

It says so on standard output and waits to be killed, which shows what a SIGKILL at that point leaves behind.
"""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Callable
from typing import Any

from workers.__main__ import main


def stop_on_entry(place: str) -> None:
    """End the process at once when it enters the function named "module:Class.method"."""
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    getattr(owner, name)  # a place that is not there would never be reached, and the test would wait for ever
    setattr(owner, name, _stopped(name))


def _stopped(name: str) -> Callable[..., None]:
    def stop(*_: object, **__: object) -> None:
        sys.stdout.write(f"stopped at {name}\n")
        sys.stdout.flush()
        signal.pause()

    return stop


if __name__ == "__main__":
    stop_on_entry(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
