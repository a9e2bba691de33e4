"""A worker process for one queue: `python -m workers send`, `receive` or `jobs`.

It exits with 0 only when it was told to stop, with 2 when it cannot start, and otherwise with 1, so that its supervisor
restarts it.
"""

from __future__ import annotations

import sys

import structlog

from service.config import SettingsError, load_settings
from service.core.sealing import SealError
from service.dispatch import QUEUES
from service.log_output import set_up_logging
from service.process_guards import exempt_from_collection, guard_process
from service.runtime import make_runtime
from workers.log_errors import place_of
from workers.worker import work

log = structlog.get_logger()


def main(arguments: list[str]) -> int:
    """Run a worker for the named queue; return an exit code."""
    guard_process()
    if len(arguments) != 1 or arguments[0] not in QUEUES:
        sys.stderr.write(f"Say which queue this worker serves: {', '.join(QUEUES[:-1])} or {QUEUES[-1]}.\n")
        return 2
    try:
        settings = load_settings()
        set_up_logging(settings.log_level)
        runtime = make_runtime(settings)
        exempt_from_collection()
        work(runtime, arguments[0])
    except (SettingsError, SealError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Exception as error:  # noqa: BLE001 - a traceback could hold words
        log.error("worker.ended", queue=arguments[0], error=type(error).__name__, at=place_of(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
