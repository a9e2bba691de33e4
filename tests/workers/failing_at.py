"""A worker in which a function fails as nobody foresaw: `python -m ... MODULE:CLASS.METHOD QUEUE`."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from workers.__main__ import main


def fail_on_entry(place: str) -> None:
    """Make a function raise on every call."""
    module, _, path = place.partition(":")
    owner, _, name = path.rpartition(".")
    found: Any = getattr(importlib.import_module(module), owner)
    getattr(found, name)  # a place that is not there would never fail
    setattr(found, name, _fail)


def _fail(*_: object, **__: object) -> None:
    raise LookupError("soup, slowly")


if __name__ == "__main__":
    fail_on_entry(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
