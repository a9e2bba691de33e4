"""The files of an upload: one file, or the members of a zip, read as streams and within bounds."""

from __future__ import annotations

import codecs
import io
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final
from urllib.parse import unquote

from service.core.journal.photos import sniff
from service.core.journal_import.reading.member_names import joined, safe_name

HEAD_BYTES: Final = 4096
LARGEST_TEXT_BYTES: Final = 24 * 1024 * 1024
LARGEST_PHOTO_BYTES: Final = 40 * 1024 * 1024
LARGEST_HELD_BYTES: Final = 64 * 1024 * 1024
LARGEST_STREAM_BYTES: Final = 1024 * 1024 * 1024
MOST_MEMBERS: Final = 200_000
MOST_HEADS: Final = 2000
READ_BYTES: Final = 256 * 1024
_ZIP_STARTS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED: Final = 0x1
_MEDIA: Final = frozenset(
    {"jpg", "jpeg", "png", "gif", "heic", "heif", "webp", "mp4", "mov", "m4a", "aac", "mp3", "wav", "pdf", "3gp", "caf"}
)
# What the standard library raises on damaged or forged archives.
DAMAGE: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, OSError, KeyError, OverflowError),
)
_LETTERS: Final = (("\r\n", "\n"), ("\r", "\n"), ("\u200b", ""), ("\ufeff", ""), ("\x00", "\N{REPLACEMENT CHARACTER}"))


class FileBoundError(Exception):
    """A file holds more than is read of one file; counted as it is read, whatever the archive says."""


class DamagedFileError(Exception):
    """The archive or one of its files cannot be read."""


@dataclass
class ImportFiles:
    """An upload by the names of its files; `title` is the name under which it was uploaded.

    A zip's names have forward slashes. Folders, links, names that climb out, and what macOS adds are left out. A zip
    in a zip is a file like any other, and is not opened.
    """

    file: BinaryIO = field(repr=False)
    title: str = field(default="", repr=False)
    shapes: dict[str, Any] = field(default_factory=dict, init=False, repr=False)  # what `json_stream` has looked at
    _zip: zipfile.ZipFile | None = field(default=None, init=False, repr=False)
    was_read: set[str] = field(default_factory=set, init=False, repr=False)  # names of what was opened or referred to
    _heads: dict[str, bytes] = field(default_factory=dict, init=False, repr=False)
    _members: dict[str, zipfile.ZipInfo] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Open the archive.

        Raises:
            DamagedFileError: it is a zip that cannot be read.
            FileBoundError: it has more members than any journal has.
        """
        self.file.seek(0)
        if not self.file.read(4).startswith(_ZIP_STARTS):
            return
        try:
            self._zip = zipfile.ZipFile(self.file)
        except DAMAGE:
            raise DamagedFileError from None
        if len(self._zip.infolist()) > MOST_MEMBERS:
            raise FileBoundError
        self._members = {name: info for info in self._zip.infolist() if (name := safe_name(info))}

    @property
    def is_archive(self) -> bool:
        """Return whether the upload is a zip."""
        return self._zip is not None

    @property
    def is_encrypted(self) -> bool:
        """Return whether a password protects the zip."""
        return any(info.flag_bits & _ENCRYPTED for info in self._members.values())

    @cached_property
    def names(self) -> list[str]:
        """Return the names of all files in order, those of photos and sounds last."""
        names = list(self._members) if self.is_archive else [self.title or "file"]
        return sorted(names, key=lambda name: (_suffix(name) in _MEDIA, name))

    def open(self, name: str, largest: int = LARGEST_STREAM_BYTES) -> BinaryIO:
        """Return a file to be read as a stream, as `peek` does, and note that it was read."""
        self.was_read.add(name)
        return self.peek(name, largest)

    def peek(self, name: str, largest: int = LARGEST_STREAM_BYTES) -> BinaryIO:
        """Return a file to be looked at as a stream; reading past `largest` bytes raises FileBoundError.

        Raises:
            DamagedFileError: the archive does not give it.
        """
        if self._zip is None:
            self.file.seek(0)
            return io.BufferedReader(_BoundedFile(self.file.read, largest), READ_BYTES)
        try:
            member = self._zip.open(self._members[name])
        except DAMAGE:
            raise DamagedFileError from None
        return io.BufferedReader(_BoundedFile(member.read, largest), READ_BYTES)

    def head(self, name: str) -> bytes:
        """Return the first bytes of a file, b"" where they cannot be read."""
        if name not in self._heads:
            if len(self._heads) >= MOST_HEADS:
                self._heads.clear()
            try:
                self._heads[name] = self.peek(name).read(HEAD_BYTES)
            except (DamagedFileError, FileBoundError):
                self._heads[name] = b""
        return self._heads[name]

    def read_bytes(self, name: str, largest: int = LARGEST_PHOTO_BYTES) -> bytes:
        """Return a whole file; raises FileBoundError and DamagedFileError."""
        with self.open(name, largest) as file:
            return b"".join(iter(lambda: file.read(READ_BYTES), b""))  # without a size it would read 8 kB at a time

    def read_range(self, name: str, offset: int, length: int) -> bytes:
        """Return a part of a file; within a zip, all before it is read and thrown away.

        Raises:
            DamagedFileError: the archive does not give it.
        """
        try:
            if self._zip is None:
                self.file.seek(offset)
                return self.file.read(length)
            with self._zip.open(self._members[name]) as member:
                member.seek(offset)
                return member.read(length)
        except DAMAGE:
            raise DamagedFileError from None

    def open_anywhere(self, name: str) -> BinaryIO:
        """Return a file that can be read from any place; one within a zip is held in memory.

        Raises:
            DamagedFileError: the archive does not give it.
            FileBoundError: it is within a zip, and too large for that.
        """
        return self.file if self._zip is None else io.BytesIO(self.read_bytes(name, LARGEST_HELD_BYTES))

    def read_text(self, name: str, largest: int = LARGEST_TEXT_BYTES) -> str:
        """Return a whole file as text, with one kind of line end; raises FileBoundError and DamagedFileError."""
        return tidy_text(decode_bytes(self.read_bytes(name, largest)))

    def lines(self, name: str) -> Iterator[str]:
        """Yield the lines of a file without their ends, a few at a time in memory."""
        with self.open(name) as file:
            start = file.peek(4) if isinstance(file, io.BufferedReader) else b""
            encoding = encoding_of(start[:4]) or "utf-8"
            if encoding != "utf-8":
                text = io.TextIOWrapper(file, encoding, errors="replace", newline=None)
                yield from (tidy_text(line).removesuffix("\n") for line in text)
                return
            while line := file.readline(LARGEST_TEXT_BYTES):
                yield from tidy_text(decode_bytes(line)).split("\n")[: 1 if line.endswith(b"\n") else None]

    def texts(self) -> Iterator[str]:
        """Yield the names of files that are neither media by their name nor pictures by their content."""
        for name in self.names:
            if _suffix(name) not in _MEDIA and not sniff(self.head(name)[:16]):
                yield name

    def texts_like(self, likes: Callable[[bytes], bool], most: int = 300) -> Iterator[str]:
        """Yield those of the first few text files whose first bytes, without a BOM and white space, are as wanted."""
        for seen, name in enumerate(self.texts()):
            if seen >= most:
                return
            if likes(start_of(self.head(name))):
                yield name

    def has(self, name: str) -> bool:
        """Return whether a zip has a file of exactly this name."""
        return name in self._members

    @cached_property
    def by_base_name(self) -> dict[str, str]:
        """Return the names of all files by their last part in lower case; the first of several counts."""
        return {_folded(name.rpartition("/")[2]): name for name in reversed(self.names)}

    @cached_property
    def by_stem(self) -> dict[str, str]:
        """Return the names of all files by their last part in lower case, without its extension; photos come first."""
        return {_folded(PurePosixPath(name).stem): name for name in self.names}

    def find(self, written: str, beside: str = "") -> str | None:
        """Return the name of the file that a journal refers to: beside another file, from the top, or anywhere."""
        folder = beside.rpartition("/")[0]
        for path in dict.fromkeys((written, unquote(written))):
            clean = unicodedata.normalize("NFC", path.replace("\\", "/")).removeprefix("./").strip()
            for name in (joined(folder, clean), clean):
                if name in self._members:
                    return name
            if clean and (found := self.by_base_name.get(_folded(clean.rpartition("/")[2]))) and self.is_archive:
                return found
        return None

    def find_stem(self, stem: str) -> str | None:
        """Return the name of the file whose last part, without its extension, is this one, or None."""
        return self.by_stem.get(_folded(stem)) if self.is_archive and stem else None

    def find_picture(self, written: str) -> str | None:
        """Return the name of the picture that is called so but for its extension, as in Google's Takeout, or None."""
        name = self.find_stem(PurePosixPath(written.replace("\\", "/")).stem) if "." in written else None
        return name if name is not None and sniff(self.head(name)[:16]) else None


class _BoundedFile(io.RawIOBase):
    """A stream that counts what is read, and stops at a bound."""

    def __init__(self, read: Callable[[int], bytes], largest: int) -> None:
        super().__init__()
        self._read, self._left = read, largest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]  # any writable buffer
        try:
            data = self._read(len(buffer))
        except DAMAGE:
            raise DamagedFileError from None
        self._left -= len(data)
        if self._left < 0:
            raise FileBoundError
        buffer[: len(data)] = data
        return len(data)


def encoding_of(start: bytes) -> str:
    """Return the encoding that a byte order mark or NUL bytes tell, or ""."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(start) >= 4 and start[1] == 0 and start[3] == 0 and start[0] and start[2]:  # noqa: PLR2004  (two characters)
        return "utf-16-le"
    if len(start) >= 4 and start[0] == 0 and start[2] == 0 and start[1] and start[3]:  # noqa: PLR2004
        return "utf-16-be"
    return ""


def decode_bytes(data: bytes) -> str:
    """Return bytes as text: UTF-16 where they say so, else UTF-8, else windows-1252; never raises."""
    encoding = encoding_of(data[:4])
    if encoding:
        return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def tidy_text(text: str) -> str:
    """Return text with one kind of line end, without zero-width spaces and byte order marks."""
    for letters, meant in _LETTERS:
        text = text.replace(letters, meant)
    return text


def start_of(head: bytes) -> bytes:
    """Return the first bytes of a text as UTF-8, without a byte order mark and white space."""
    encoding = encoding_of(head[:4])
    text = head.decode(encoding, "ignore").encode() if encoding else head
    return text.removeprefix(codecs.BOM_UTF8).lstrip()


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _suffix(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[2].lower()
