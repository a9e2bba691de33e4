"""The zip of an EPUB (OCF 3.3), written as a stream that holds one file of it in memory at a time."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE: Final = "book/package.opf"
_FIRST_FILE: Final = ("mimetype", b"application/epub+zip")
_CONTAINER: Final = f"""<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="{PACKAGE}" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""


@dataclass(slots=True)
class _LastFile:
    """The part of a file that `zipfile` writes to and goes back in: the file of the zip that is being written.

    Some e-readers cannot read a zip whose sizes stand behind its files, as a stream has them.
    """

    pass_on: Callable[[bytes], object] = field(repr=False)
    is_open: bool = True
    _start: int = 0
    _data: bytearray = field(default_factory=bytearray, repr=False)
    _at: int = 0

    def tell(self) -> int:
        return self._start + self._at

    def seek(self, offset: int) -> int:
        self._at = offset - self._start
        return offset

    def write(self, data: bytes) -> int:
        self._data[self._at : self._at + len(data)] = data
        self._at += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: `pass_whole_on` is called when a file is whole."""

    def pass_whole_on(self) -> None:
        if self.is_open:
            self.pass_on(bytes(self._data))
        self._start, self._at = self._start + len(self._data), 0
        self._data.clear()


class EpubZip:
    """Writes the files of an EPUB in a `with` block; after an error nothing more is written."""

    def __init__(self, write: Callable[[bytes], object], at: datetime) -> None:
        """Begin an EPUB whose files bear the time `at`, in UTC; `write` gets its bytes in order."""
        self._file = _LastFile(write)
        self._zip = zipfile.ZipFile(cast("BinaryIO", self._file), "w")
        self._at = at.astimezone(UTC)
        name, content = _FIRST_FILE
        self._write(name, content, zipfile.ZIP_STORED)
        self.add("META-INF/container.xml", _CONTAINER)

    def add(self, name: str, text: str) -> None:
        """Write a file of text, compressed."""
        self._write(name, text.encode(), zipfile.ZIP_DEFLATED)

    def add_stored(self, name: str, data: bytes) -> None:
        """Write a file that is compressed already, such as a photo."""
        self._write(name, data, zipfile.ZIP_STORED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._file.is_open = error is None
        self._zip.close()
        self._file.pass_whole_on()

    def _write(self, name: str, data: bytes, method: int) -> None:
        at = self._at
        info = zipfile.ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
        info.compress_type = method
        self._zip.writestr(info, data)
        self._file.pass_whole_on()
