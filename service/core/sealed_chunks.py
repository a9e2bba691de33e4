"""Large objects sealed in chunks of 64 kB, written as a stream and read from any place.

Each chunk is a sealed blob of its own (`core/sealing.py`), bound to the place of the object, to its number, and to
whether it is the last: chunks cannot be moved, left out or cut off unnoticed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from service.core.sealing import NONCE_BYTES, DataKey, RandomBytes, SealError

CHUNK_BYTES: Final = 64 * 1024
_TAG_BYTES: Final = 16
SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + 1 + NONCE_BYTES + _TAG_BYTES
_CACHED_CHUNKS: Final = 16


@dataclass(slots=True)
class ChunkSealer:
    """Seals what is written to it, and passes the chunks on; `finish` marks the last."""

    key: DataKey = field(repr=False)
    place: str
    random: RandomBytes
    write_sealed: Callable[[bytes], object] = field(repr=False)
    size: int = 0
    _rest: bytearray = field(default_factory=bytearray, repr=False)
    _number: int = 0

    def write(self, data: bytes) -> None:
        """Take more of the content."""
        self.size += len(data)
        self._rest += data
        # One chunk is always kept back, since only the end tells which is the last.
        while len(self._rest) > CHUNK_BYTES:
            self._seal(bytes(self._rest[:CHUNK_BYTES]), is_last=False)
            del self._rest[:CHUNK_BYTES]

    def finish(self) -> None:
        """Seal the last chunk, which may be empty."""
        self._seal(bytes(self._rest), is_last=True)
        self._rest.clear()

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        place = _chunk_place(self.place, self._number, is_last=is_last)
        self.write_sealed(self.key.seal(chunk, place=place, random=self.random))
        self._number += 1


@dataclass(slots=True)
class SealedChunks:
    """A sealed object to be read from any place; `read_sealed` returns so many of its bytes from an offset."""

    key: DataKey = field(repr=False)
    place: str
    sealed_size: int
    read_sealed: Callable[[int, int], bytes] = field(repr=False)
    _opened: OrderedDict[int, bytes] = field(default_factory=OrderedDict, repr=False)

    @property
    def chunks(self) -> int:
        """Return how many chunks it has."""
        return -(-self.sealed_size // SEALED_CHUNK_BYTES)

    @property
    def size(self) -> int:
        """Return the size of the content, in bytes."""
        return max(0, self.sealed_size - self.chunks * (SEALED_CHUNK_BYTES - CHUNK_BYTES))

    def read(self, offset: int, length: int) -> bytes:
        """Return the content from `offset`, at most `length` bytes; nothing from beyond its end.

        Raises:
            SealError: the key or the place is wrong, or the object is damaged or cut.
        """
        end = min(offset + length, self.size)
        pieces = []
        while offset < end:
            number, start = divmod(offset, CHUNK_BYTES)
            piece = self._chunk(number)[start : start + end - offset]
            if not piece:
                raise SealError("A sealed object has a chunk that is too short")
            pieces.append(piece)
            offset += len(piece)
        return b"".join(pieces)

    def _chunk(self, number: int) -> bytes:
        if number in self._opened:
            self._opened.move_to_end(number)
            return self._opened[number]
        sealed = self.read_sealed(number * SEALED_CHUNK_BYTES, SEALED_CHUNK_BYTES)
        place = _chunk_place(self.place, number, is_last=number == self.chunks - 1)
        self._opened[number] = self.key.open(sealed, place=place)
        if len(self._opened) > _CACHED_CHUNKS:
            self._opened.popitem(last=False)
        return self._opened[number]


def _chunk_place(place: str, number: int, *, is_last: bool) -> str:
    return f"{place}:{number}:last" if is_last else f"{place}:{number}"
