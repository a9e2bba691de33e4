"""What a test watches while the service works: the files that are written, and what the queue's server holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_opened: list[set[str]] = []


def _note_opened(name: str, details: tuple[object, ...]) -> None:
    if (
        _opened
        and name == "open"
        and isinstance(details[0], str)
        and isinstance(details[2], int)
        and details[2] & WRITING
    ):
        _opened[-1].add(details[0])


sys.addaudithook(_note_opened)


@contextmanager
def files_written() -> Iterator[set[str]]:
    """Yield the set of files that Python opens for writing meanwhile, those that are gone again included."""
    _opened.append(set())
    try:
        yield _opened[-1]
    finally:
        _opened.pop()


def rdb(client: redis.Redis) -> bytes:
    """Return the queue's whole memory as its server would write it to a disk, uncompressed."""
    client.config_set("rdbcompression", "no")
    client.save()
    folder, name = client.config_get("dir")["dir"], client.config_get("dbfilename")["dbfilename"]
    assert folder
    assert name
    content = Path(folder, name).read_bytes()
    return content + b"".join(client.dump(key) or b"" for key in client.scan_iter())
