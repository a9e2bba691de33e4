"""JSON read one element at a time: a journal of any size takes the memory of its largest entry."""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from service.core.journal_import.reading.import_files import (
    READ_BYTES,
    DamagedFileError,
    FileBoundError,
    ImportFiles,
    encoding_of,
)
from service.core.journal_import.reading.imported import MOST_ITEMS, TOO_MANY, RefusedFileError

LARGEST_ELEMENT_BYTES: Final = 8 * 1024 * 1024
LARGEST_RAW_BYTES: Final = 256 * 1024  # of a damaged element that its owner may download
MOST_ELEMENTS: Final = 2 * MOST_ITEMS  # also of what comes before the items are counted
SHAPE_ELEMENTS: Final = 5
MOST_SHAPES: Final = 32
SHAPE_BYTES: Final = 3 * LARGEST_ELEMENT_BYTES
# What shapes a value; numbers, names and white space stand between. Every loop of a string is possessive.
_MARK: Final = re.compile(rb'["{}\[\],:]')
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_DEPTH: Final = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}


@dataclass(frozen=True, slots=True)
class JsonElement:
    """One element of the outermost array, or of an array or value below a key of the outermost object.

    `value` is None with `is_damaged` or `is_too_large` where it is no JSON or more than an entry can be.
    """

    key: str
    value: Any = field(repr=False)
    is_damaged: bool = False
    is_too_large: bool = False
    raw: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class JsonShape:
    """How a JSON file begins: its outermost keys and first elements, as far as they stand at its start."""

    is_array: bool
    first: tuple[JsonElement, ...] = field(repr=False)

    def under(self, key: str) -> list[Any]:
        """Return the first values below a key ("" in an array)."""
        return [element.value for element in self.first if element.key == key and element.value is not None]


def stream_elements(files: ImportFiles, name: str) -> Iterator[JsonElement]:
    """Yield the elements of a JSON file in their order; a part that is no JSON is yielded as damaged.

    Raises:
        RefusedFileError: it has more elements than any journal has.
    """
    with files.open(name) as file:
        for number, element in enumerate(_Splitter(file).elements()):
            if number >= MOST_ELEMENTS:
                raise RefusedFileError(TOO_MANY)
            yield element


def shape_of(files: ImportFiles, name: str) -> JsonShape:
    """Return how a JSON file begins; never raises for anything that it holds."""
    if name not in files.shapes:
        if len(files.shapes) >= MOST_SHAPES:
            files.shapes.clear()
        files.shapes[name] = _shape(files, name)
    found: JsonShape = files.shapes[name]
    return found


def _shape(files: ImportFiles, name: str) -> JsonShape:
    first: list[JsonElement] = []
    seen: dict[str, int] = {}
    try:
        with files.peek(name, SHAPE_BYTES) as file:
            splitter = _Splitter(file)
            for element in splitter.elements():
                seen[element.key] = seen.get(element.key, 0) + 1
                first.append(element)
                if seen[element.key] >= SHAPE_ELEMENTS:
                    break
            return JsonShape(splitter.is_array, tuple(first))
    except (FileBoundError, DamagedFileError):
        return JsonShape(is_array=False, first=tuple(first))


def is_json(start: bytes) -> bool:
    """Return whether a text begins as a JSON array or object."""
    return start[:1] in {b"{", b"["}


class _Splitter:
    """Finds where elements begin and end, without parsing what is inside them."""

    def __init__(self, file: BinaryIO) -> None:
        self._chunks = _utf8_chunks(file)
        self._buffer = bytearray()
        self._at = 0  # where the next token is searched
        self._start = 0  # where the current element begins
        self._skipping = False
        self.is_array = False

    def elements(self) -> Iterator[JsonElement]:
        opening = self._next()
        if opening not in {b"[", b"{"}:
            return
        self.is_array = opening == b"["
        self._start = self._at
        yield from self._items("", b"]") if self.is_array else self._members()

    def _members(self) -> Iterator[JsonElement]:
        """Yield what stands below the keys of an object; the elements of an array one by one."""
        while (token := self._next()) not in {b"", b"}"}:
            if token == b",":
                continue
            key = _parsed(token) if token.startswith(b'"') else None
            if not isinstance(key, str) or self._next() != b":":
                yield JsonElement("", None, is_damaged=True)
                return
            self._start = self._at
            if self._peek() == b"[":
                self._next()
                self._start = self._at
                yield from self._items(key, b"]")
            else:
                yield from self._items(key, b"}", is_single=True)

    def _items(self, key: str, closing: bytes, *, is_single: bool = False) -> Iterator[JsonElement]:
        """Yield the elements up to `closing`, or the one value before the next comma."""
        depth = 0
        while depth >= 0 and (token := self._next()):
            if depth == 0 and token in {b",", closing}:
                yield from self._element(key, self._at - 1)
                self._start = self._at
                if is_single and token == closing:
                    self._at -= 1  # it ends the object as well
                if is_single or token == closing:
                    return
            else:
                depth += _DEPTH.get(token, 0)
        rest = self._buffer[self._start :].strip()
        if rest or self._skipping:
            yield JsonElement(key, None, is_damaged=True, raw=rest[:LARGEST_RAW_BYTES].decode("utf-8", "replace"))

    def _element(self, key: str, end: int) -> Iterator[JsonElement]:
        """Yield the element that ends here; nothing stands between the brackets of an empty array."""
        raw = self._buffer[self._start : end].strip()
        if self._skipping:
            self._skipping = False
            yield JsonElement(key, None, is_too_large=True)
        elif raw:
            value = _parsed(raw)
            is_damaged = value is _DAMAGED
            shown = raw[:LARGEST_RAW_BYTES].decode("utf-8", "replace") if is_damaged else ""
            yield JsonElement(key, None if is_damaged else value, is_damaged=is_damaged, raw=shown)

    def _next(self) -> bytes:
        """Return the next token, b"" at the end; a string that never ends is a single quotation mark."""
        while True:
            mark = _MARK.search(self._buffer, self._at)
            found = _STRING.match(self._buffer, mark.start()) if mark and mark.group() == b'"' else mark
            if found:
                self._at = found.end()
                return bytes(found.group())
            # A string that the buffer cuts begins again once there is more; what cannot be a token is passed.
            self._at = mark.start() if mark else len(self._buffer)
            if not self._read_more():
                return b""

    def _peek(self) -> bytes:
        """Return the first character of the next value."""
        while not (rest := self._buffer[self._at : self._at + READ_BYTES].lstrip()) and self._read_more():
            pass
        return bytes(rest[:1])

    def _read_more(self) -> bool:
        chunk = next(self._chunks, b"")
        self._skipping = self._skipping or self._at - self._start > LARGEST_ELEMENT_BYTES
        if len(self._buffer) - self._at > LARGEST_ELEMENT_BYTES:
            raise FileBoundError  # one string is larger than an entry may be, and its end is not waited for
        keep = self._at if self._skipping else min(self._start, self._at)
        if keep:
            del self._buffer[:keep]
        self._buffer += chunk
        self._at -= keep
        self._start = max(0, self._start - keep)
        return bool(chunk)


_DAMAGED: Final = object()


def _parsed(raw: bytes | bytearray) -> Any:
    for encoding in ("utf-8", "cp1252"):
        try:
            return json.loads(raw.decode(encoding), strict=False)  # some write line ends and tabs as they are
        except UnicodeDecodeError:
            continue
        except (ValueError, RecursionError):
            return _DAMAGED
    return _DAMAGED


def _utf8_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file as UTF-8, whatever Unicode encoding it has, without its byte order mark."""
    first = file.read(READ_BYTES)
    encoding = encoding_of(first[:4])
    if not encoding:
        yield first.removeprefix(b"\xef\xbb\xbf")
        while chunk := file.read(READ_BYTES):
            yield chunk
        return
    decoder = getincrementaldecoder(encoding)("replace")
    while first:
        yield decoder.decode(first).encode("utf-8", "replace")
        first = file.read(READ_BYTES)
