from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.sealed_chunks import CHUNK_BYTES, SEALED_CHUNK_BYTES, ChunkSealer, SealedChunks
from service.core.sealing import DataKey, SealError

KEY = DataKey(b"k" * 32)


def sealed(content: bytes, place: str = "exports:1") -> bytes:
    out = bytearray()
    sealer = ChunkSealer(KEY, place, os.urandom, out.extend)
    for start in range(0, len(content), 50_000):
        sealer.write(content[start : start + 50_000])
    sealer.finish()
    assert sealer.size == len(content)
    return bytes(out)


def opened(blob: bytes, place: str = "exports:1") -> SealedChunks:
    return SealedChunks(KEY, place, len(blob), lambda offset, length: blob[offset : offset + length])


@settings(max_examples=25)
@given(st.integers(0, 3 * CHUNK_BYTES + 2), st.integers(0, 3 * CHUNK_BYTES + 2), st.integers(0, 2 * CHUNK_BYTES))
def test_any_range_reads_as_it_was_written(size: int, offset: int, length: int) -> None:
    content = bytes(number % 251 for number in range(size))
    chunks = opened(sealed(content))
    assert chunks.size == size
    assert chunks.read(offset, length) == content[offset : offset + length]


@pytest.mark.parametrize("size", [CHUNK_BYTES, 2 * CHUNK_BYTES])
def test_a_chunk_that_is_cut_off_or_moved_or_elsewhere_does_not_open(size: int) -> None:
    blob = sealed(b"a" * size + b"b")
    cut = opened(blob[: size // CHUNK_BYTES * SEALED_CHUNK_BYTES])
    with pytest.raises(SealError):
        cut.read(0, cut.size)
    swapped = opened(blob[SEALED_CHUNK_BYTES : 2 * SEALED_CHUNK_BYTES] + blob[SEALED_CHUNK_BYTES:])
    with pytest.raises(SealError):
        swapped.read(0, 1)
    with pytest.raises(SealError):
        opened(blob, "exports:2").read(0, 1)
