"""`python -m bench.replies`: print the table, or read a folder of cases into a file."""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.replies.cases import Case, read_cases
from bench.replies.readers import Reader, absent_readers, ours, readers
from bench.replies.scores import Scores, score
from bench.replies.speed import mails_per_second

EXAMPLES = Path(__file__).parents[2] / "tests" / "data" / "replies"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.replies", description=__doc__)
    parser.add_argument("--cases", type=Path, default=EXAMPLES, help="a folder of cases")
    parser.add_argument("--out", type=Path, help="write one JSON line a case here, and no table")
    options = parser.parse_args(arguments)
    cases = list(read_cases(options.cases))
    if not cases:
        print(f"no cases below {options.cases}", file=sys.stderr)
        return 1
    if options.out:
        write_words(cases, options.out)
    else:
        print_table(cases)
    return 0


def write_words(cases: Sequence[Case], out: Path) -> None:
    """Write the words that our reader keeps of each case.

    The words are given without the Markdown that the reader adds for HTML (`Words.bare`),
    since they are compared with what was typed; what lies beyond the cap belongs to them.
    """
    reader = ours()
    with out.open("w", encoding="utf-8") as file:
        for case in cases:
            file.write(json.dumps({"case": case.name, "words": reader.read(case)}) + "\n")


def print_table(cases: Sequence[Case]) -> None:
    """Print exact, no loss, no leak and speed of every reader that is installed."""
    sets = _by_collection(cases)
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {len(cases)} mails")
    columns = "".join(f"{f'{name} ({len(group)})':>28}" for name, group in sets.items())
    print(f"{'exact / no loss / no leak, %':<34}{columns}{'mails/s':>10}")
    for reader in readers():
        figures = [score(reader, group) for group in sets.values()]
        print(_row(reader, figures, mails_per_second(reader, cases)))
    for name in absent_readers():
        print(f"{name}: not installed (bench/replies/requirements.txt)")


def _row(reader: Reader, figures: Sequence[Scores], speed: float) -> str:
    cells = "".join(f"{f.exact:>14.1f} {f.no_loss:>6.1f} {f.no_leak:>6.1f}" for f in figures)
    return f"{f'{reader.name} {reader.version}':<34}{cells}{speed:>10,.0f}"


def _by_collection(cases: Sequence[Case]) -> dict[str, list[Case]]:
    sets: dict[str, list[Case]] = {}
    for case in cases:
        sets.setdefault(case.collection, []).append(case)
        sets.setdefault("all", []).append(case)
    overall = sets.pop("all")
    return {**sets, "all": overall} if len(sets) > 1 else sets


if __name__ == "__main__":
    sys.exit(main())
