"""A program that runs a command and ends it when its parent ends: parent_death.py PARENT_PID COMMAND...

Run as a file by an interpreter without site-packages; the command then replaces this process.
This works on Linux only; elsewhere a parent that is killed leaves its commands running.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CANNOT_START = 127  # the exit code that shells use


def main(starter: int, argv: list[str]) -> int:
    """Become the command; return only if that fails or the parent has already ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != starter:
            return CANNOT_START
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - replacing this process without a shell is the purpose
    except OSError as error:
        sys.stdout.write(f"{argv[0]} cannot be started: {error.strerror}\n")
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
