"""A worker process: `python -m workers send` or `python -m workers receive`; each serves one queue."""

from __future__ import annotations

import sys

from service.config import SettingsError
from service.dispatch import QUEUES
from workers.worker import run


def main(arguments: list[str]) -> int:
    """Run a worker for the queue that is named; return an exit code."""
    if len(arguments) != 1 or arguments[0] not in QUEUES:
        sys.stderr.write(f"Say which queue this worker serves: {' or '.join(QUEUES)}.\n")
        return 2
    try:
        run(arguments[0])
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
