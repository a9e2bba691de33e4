"""Negative controls: `python -m tests.faults.controls [NAME ...]` switches off one defence at a time, in a copy of this
working tree, and shows that its test fails there. Exit code 0 if every one of them does."""

from __future__ import annotations

import sys

from tests.faults.controls.switching import control_names, is_noticed

if __name__ == "__main__":
    names = sys.argv[1:] or control_names()
    unnoticed = []
    for name in names:
        noticed = is_noticed(name)
        sys.stdout.write(f"{name}: {'its test fails, as it must' if noticed else 'NOBODY NOTICED'}\n")
        sys.stdout.flush()
        if not noticed:
            unnoticed.append(name)
    sys.exit(1 if unnoticed else 0)
