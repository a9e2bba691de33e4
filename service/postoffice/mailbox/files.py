"""Small JSON files that are written whole or not at all."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from itertools import count
from pathlib import Path

_SUFFIX = ".json"


# The id of this process in the names that it creates, and a counter.
_PROCESS = secrets.token_hex(4)
_MADE = count(1)


def unique_name() -> str:
    """Return a unique name, also across processes; later names sort later."""
    return f"{next(_MADE):09d}-{_PROCESS}"


def write_atomically(path: Path, value: object) -> None:
    """Write the value to the file as JSON; a reader sees the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.{unique_name()}")
    new.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    new.replace(path)


def read_all(folder: Path) -> Iterator[str]:
    """Yield the text of every file in the folder, in the order of their names."""
    for path in sorted(folder.glob(f"[!.]*{_SUFFIX}")) if folder.is_dir() else ():
        yield path.read_text(encoding="utf-8")
