"""The rows of an SQLite file (sqlite.org/fileformat2.html), read page by page.

It is read here and not by SQLite, which wants a file or the whole of it in memory, and is written in C. A forged file
makes this raise an error, and do nothing else (decision 0035).
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from service.core.journal_import.reading.import_files import DamagedFileError, FileBoundError

MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_INTERIOR, _LEAF = 5, 13
_DEEPEST: Final = 20
_MOST_COLUMNS: Final = 200
_INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_ENCODINGS: Final = {1: "utf-8", 2: "utf-16-le", 3: "utf-16-be"}
_COLUMN: Final = re.compile(r"\s*(?:\"([^\"]*)\"|\[([^\]]*)\]|`([^`]*)`|(\w+))(.*)", re.DOTALL)
_NO_COLUMN: Final = re.compile(r"\s*(?:primary|foreign|unique|check|constraint)\b", re.IGNORECASE)
_ROWID: Final = re.compile(r"\s*integer\s+primary\s+key\b", re.IGNORECASE)

Value = int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class SqliteTable:
    """A table: the page of its root, its columns in order, and which of them is the row's own number, or -1."""

    root: int
    columns: tuple[str, ...]
    number_column: int = -1


@dataclass(slots=True)
class SqliteRow:
    """A row, whose values are read when they are wanted."""

    number: int
    table: SqliteTable
    _file: JournalDatabase = field(repr=False)
    _cell: _Cell = field(repr=False)
    _types: list[tuple[int, int]] | None = field(default=None, repr=False)

    def value(self, column: str, largest: int) -> Value:
        """Return a value; one of more than `largest` bytes raises FileBoundError, a missing column is None."""
        kind, start, length = self._place(column)
        if length > largest:
            raise FileBoundError
        if kind == 0 and self.table.number_column >= 0 and column == self.table.columns[self.table.number_column]:
            return self.number
        return self._file.decoded(kind, self._file.payload(self._cell, start, length))

    def beginning(self, column: str, length: int) -> bytes:
        """Return the first bytes of a value."""
        _, start, whole = self._place(column)
        return self._file.payload(self._cell, start, min(length, whole))

    def _place(self, column: str) -> tuple[int, int, int]:
        """Return the type of a value, and where it begins and how long it is within the row's bytes."""
        types = self._types = self._types or self._file.types(self._cell)
        index = self.table.columns.index(column) if column in self.table.columns else len(types)
        if index >= len(types):
            return 0, 0, 0
        kind, start = types[index]
        return kind, start, _length_of(kind)


@dataclass(frozen=True, slots=True)
class _Cell:
    """The bytes of a row: how many there are, those on its own page, and the page where the others go on."""

    size: int
    here: bytes = field(repr=False)
    overflow: int


class JournalDatabase:
    """An SQLite file, by its tables."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the schema.

        Raises:
            DamagedFileError: it is no such file.
        """
        self._file = file
        self._bytes = file.seek(0, io.SEEK_END)
        self._pages_left = 0
        head = self._read(0, _HEADER_BYTES)
        if not head.startswith(MAGIC):
            raise DamagedFileError
        size = int.from_bytes(head[16:18], "big")
        self._page_bytes = 65536 if size == 1 else size
        self._usable = self._page_bytes - head[20]
        self._encoding = _ENCODINGS.get(int.from_bytes(head[56:60], "big"), "utf-8")
        if self._page_bytes < 512 or self._usable < 480:  # noqa: PLR2004 - the format's least
            raise DamagedFileError
        schema = SqliteTable(1, ("type", "name", "tbl_name", "rootpage", "sql"))
        self.tables = {name: table for row in self.rows(schema) for name, table in _table_of(row)}

    def rows(self, table: SqliteTable) -> Iterator[SqliteRow]:
        """Yield the rows in the order of their numbers; raises DamagedFileError."""
        self._pages_left = self._bytes // self._page_bytes  # a forged tree has more, where its pages go in circles
        yield from self._rows_below(table, table.root, 0)

    def row(self, table: SqliteTable, number: int) -> SqliteRow | None:
        """Return the row with a number, or None; raises DamagedFileError."""
        page = table.root
        for _ in range(_DEEPEST):
            kind, data, cells = self._page(page)
            if kind == _LEAF:
                found = (self._row(table, data, cell) for cell in cells)
                return next((row for row in found if row.number == number), None)
            page = int.from_bytes(data[self._start(page) + 8 :][:4], "big")
            for cell in reversed(cells):
                if number <= _varint(data, cell + 4)[0]:
                    page = int.from_bytes(data[cell : cell + 4], "big")
        raise DamagedFileError

    def types(self, cell: _Cell) -> list[tuple[int, int]]:
        """Return the type of each value of a row, and where it begins."""
        length, at = _varint(cell.here, 0)
        header = self.payload(cell, 0, min(length, 9 * _MOST_COLUMNS))
        found: list[tuple[int, int]] = []
        start = length
        while at < len(header):
            kind, at = _varint(header, at)
            found.append((kind, start))
            start += _length_of(kind)
        return found

    def payload(self, cell: _Cell, start: int, length: int) -> bytes:
        """Return a part of a row's bytes, wherever they are."""
        end = min(start + length, cell.size)
        out = bytearray(cell.here[start:end])
        at, page = len(cell.here), cell.overflow
        room = self._usable - 4
        while at < end:
            if not page:
                raise DamagedFileError
            data = self._read((page - 1) * self._page_bytes, self._usable)
            out += data[4:][max(0, start - at) : max(0, end - at)]
            page, at = int.from_bytes(data[:4], "big"), at + room
        return bytes(out)

    def decoded(self, kind: int, data: bytes) -> Value:
        """Return a value of a type."""
        if kind in _INTEGER_BYTES:
            return int.from_bytes(data, "big", signed=True)
        if kind == 7:  # noqa: PLR2004 - the format's number for it
            return float(struct.unpack(">d", data)[0])
        if kind in {8, 9}:
            return kind - 8
        if kind < 12:  # noqa: PLR2004 - NULL
            return None
        return data.decode(self._encoding, "replace") if kind % 2 else data

    def _rows_below(self, table: SqliteTable, page: int, depth: int) -> Iterator[SqliteRow]:
        self._pages_left -= 1
        if depth > _DEEPEST or self._pages_left < 0:
            raise DamagedFileError
        kind, data, cells = self._page(page)
        if kind == _LEAF:
            yield from (self._row(table, data, cell) for cell in cells)
            return
        for cell in cells:
            yield from self._rows_below(table, int.from_bytes(data[cell : cell + 4], "big"), depth + 1)
        yield from self._rows_below(table, int.from_bytes(data[self._start(page) + 8 :][:4], "big"), depth + 1)

    def _row(self, table: SqliteTable, data: bytes, at: int) -> SqliteRow:
        size, at = _varint(data, at)
        number, at = _varint(data, at)
        if size > self._bytes:
            raise DamagedFileError
        local = self._local(size)
        here = data[at : at + local]
        overflow = int.from_bytes(data[at + local : at + local + 4], "big") if local < size else 0
        return SqliteRow(number - 2**64 if number >= 2**63 else number, table, self, _Cell(size, here, overflow))

    def _local(self, size: int) -> int:
        """Return how many bytes of a row are on its own page."""
        usable = self._usable
        least = (usable - 12) * 32 // 255 - 23
        if size <= usable - 35:
            return size
        wanted = least + (size - least) % (usable - 4)
        return wanted if wanted <= usable - 35 else least

    def _page(self, number: int) -> tuple[int, bytes, list[int]]:
        """Return the kind of a page, its bytes, and where its cells are."""
        data = self._read((number - 1) * self._page_bytes, self._page_bytes)
        start = self._start(number)
        kind = data[start]
        if kind not in {_INTERIOR, _LEAF}:
            raise DamagedFileError
        first = start + (12 if kind == _INTERIOR else 8)
        count = int.from_bytes(data[start + 3 : start + 5], "big")
        places = data[first : first + 2 * count]
        return kind, data, [int.from_bytes(places[at : at + 2], "big") for at in range(0, len(places) - 1, 2)]

    @staticmethod
    def _start(page: int) -> int:
        return _HEADER_BYTES if page == 1 else 0

    def _read(self, offset: int, length: int) -> bytes:
        if offset < 0:
            raise DamagedFileError
        self._file.seek(offset)
        data = self._file.read(length)
        if len(data) < length:
            raise DamagedFileError
        return data


def _table_of(row: SqliteRow) -> Iterator[tuple[str, SqliteTable]]:
    kind, name, root, sql = (row.value(column, 100_000) for column in ("type", "name", "rootpage", "sql"))
    if kind != "table" or not (isinstance(name, str) and isinstance(root, int) and isinstance(sql, str)):
        return
    columns: list[str] = []
    number_column = -1
    for written in _split(sql.partition("(")[2].rpartition(")")[0])[:_MOST_COLUMNS]:
        found = _COLUMN.match(written)
        if found is None or _NO_COLUMN.match(written):
            continue
        if _ROWID.match(found[5]):
            number_column = len(columns)
        columns.append(next(name for name in found.groups()[:4] if name is not None))
    yield name, SqliteTable(root, tuple(columns), number_column)


def _split(definitions: str) -> list[str]:
    """Return what stands between the commas that are in no brackets."""
    parts, depth = [""], 0
    for letter in definitions:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of one to nine bytes, and what follows it."""
    value = 0
    for place in range(9):
        if at >= len(data):
            raise DamagedFileError
        byte = data[at]
        at += 1
        if place == 8:  # noqa: PLR2004 - the ninth has eight bits
            return value << 8 | byte, at
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the last one
            break
    return value, at


def _length_of(kind: int) -> int:
    if kind >= 12:  # noqa: PLR2004 - blobs and texts
        return (kind - 12) // 2
    return 8 if kind == 7 else _INTEGER_BYTES.get(kind, 0)  # noqa: PLR2004 - a float
