"""Break a running service from outside, and count what was lost, what came twice and what is still in doubt.

    python -m tests.faults.outside [--people 2000] [--seeds 1] [--fault NAME ...] [--database sqlite|postgresql]

Each run is one line of the file of results, by fault, database, people and seed. What stands there is not run again, so
the whole can be stopped and taken up again. Exit code 1 if a line is not 0 lost, 0 doubled and 0 in doubt,
or if something else is wrong that its note says.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.config import ROOT
from tests.faults.outside.rows import ROWS
from tests.faults.outside.running import as_row, running_outside

DATABASES = ("sqlite", "postgresql")
RESULTS = ROOT / "var" / "faults.jsonl"
BAD = ("lost", "doubled", "unknown", "unfinished", "wrong")
KEY = ("fault", "database", "people", "seed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--fault", action="append", choices=[*ROWS], default=[])
    parser.add_argument("--database", action="append", choices=DATABASES, default=[])
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--keep", type=Path, default=None, help="a folder in which the logs of each run are kept")
    chosen = parser.parse_args()
    done = {tuple(row[name] for name in KEY): row for row in _read(chosen.results)}
    wanted = [
        (fault, database, chosen.people, seed)
        for seed in range(chosen.seeds)
        for fault in chosen.fault or ROWS
        for database in chosen.database or DATABASES
    ]
    for key in wanted:
        if key not in done:
            done[key] = _run(*key, chosen.keep)
            chosen.results.parent.mkdir(parents=True, exist_ok=True)
            with chosen.results.open("a", encoding="utf-8") as results:
                results.write(json.dumps(done[key]) + "\n")
        _show(done[key])
    return int(any(done[key].get(name) for key in wanted for name in BAD))


def _run(fault: str, database: str, people: int, seed: int, keep: Path | None) -> dict[str, Any]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as somebody else
        try:
            with running_outside(database, folder, people, f"{fault} {seed}") as outside:
                counts = ROWS[fault](outside)
        finally:
            if keep is not None:
                kept = keep / f"{fault}-{database}-{seed}"
                kept.mkdir(parents=True, exist_ok=True)
                for log in folder.glob("*.log"):
                    (kept / log.name).write_bytes(log.read_bytes())
    row = dict(zip(KEY, (fault, database, people, seed), strict=True))
    return as_row(counts) | row | {"seconds": round(time.monotonic() - began)}


def _read(results: Path) -> Iterator[dict[str, Any]]:
    if results.exists():
        yield from map(json.loads, results.read_text("utf-8").splitlines())


def _show(row: dict[str, Any]) -> None:
    figures = "  ".join(f"{name} {row[name]:>4}" for name in ("lost", "doubled", "unknown", "unfinished", "in_doubt"))
    sys.stdout.write(
        f"{row['fault']:<26}{row['database']:<12}seed {row['seed']:<3}{figures}  {row['seconds']:>4} s  {row['note']}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
