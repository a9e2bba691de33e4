"""A zip that is written as a stream, with a manifest of the SHA-256 of every file in it."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, BinaryIO, Final, Self, cast

MANIFEST: Final = "manifest.json"
MANIFEST_FORMAT: Final = 1  # not under the key "format", by which journal.json is known
_FIRST_YEAR, _LAST_YEAR = 1980, 2107  # of the times in a zip
_FILE_MODE: Final = 0o100600 << 16


@dataclass(slots=True)
class _Sink:
    """The part of a file that `zipfile` needs to write a stream; without `tell` it never looks back."""

    pass_on: Callable[[bytes], object] = field(repr=False)
    is_open: bool = True

    def write(self, data: bytes) -> int:
        """Pass data on; once the zip is abandoned, drop it."""
        if self.is_open:
            self.pass_on(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: every piece is passed on at once."""


class ExportZip:
    """Writes a zip, file by file, in a `with` block, which adds the manifest at its end.

    `write` gets the bytes in order, and none is kept. After an error it gets no more.
    """

    def __init__(self, write: Callable[[bytes], object], at: datetime) -> None:
        """Begin a zip whose files bear the local time `at`."""
        self._sink = _Sink(write)
        self._zip = zipfile.ZipFile(cast("BinaryIO", self._sink), "w")
        self._at = at
        self._hashes: dict[str, dict[str, Any]] = {}

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file of text in pieces, compressed."""
        self._add(name, pieces, self._at, zipfile.ZIP_DEFLATED)

    def add_stored(self, name: str, data: bytes, on: date) -> None:
        """Write a file that is compressed already, such as a photo, with the day that it is from."""
        self._add(name, [data], datetime.combine(on, time(12)), zipfile.ZIP_STORED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None:
            manifest = {"manifest": MANIFEST_FORMAT, "files": self._hashes}
            self._add(MANIFEST, [json.dumps(manifest, indent=1).encode()], self._at, zipfile.ZIP_DEFLATED)
        else:
            self._sink.is_open = False  # `zipfile` would write the directory of a zip that is not whole
        self._zip.close()

    def _add(self, name: str, pieces: Iterable[bytes], at: datetime, method: int) -> None:
        year = min(max(at.year, _FIRST_YEAR), _LAST_YEAR)
        info = zipfile.ZipInfo(name, (year, at.month, at.day, at.hour, at.minute, at.second))
        info.compress_type, info.external_attr = method, _FILE_MODE
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w") as member:
            for piece in pieces:
                member.write(piece)
                digest.update(piece)
                size += len(piece)
        self._hashes[name] = {"sha256": digest.hexdigest(), "bytes": size}
