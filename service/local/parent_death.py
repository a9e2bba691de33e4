"""A program that runs a command and ends it when its parent ends: parent_death.py PARENT_PID COMMAND...

Run as a file by an interpreter without site-packages; the command then takes this process's place.
Linux only keeps the promise; elsewhere a starter that is killed outright leaves its commands behind.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CANNOT_START = 127  # as a shell says it


def main(starter: int, argv: list[str]) -> int:
    """Become the command; return only when that fails or the starter is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != starter:
            return CANNOT_START
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - to take this process's place, without a shell, is its purpose
    except OSError as error:
        sys.stdout.write(f"{argv[0]} cannot be started: {error.strerror}\n")
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
