"""What is sealed opens for its key and its place, and for nothing else."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.sealing import SEALED_AT_ONCE_BYTES, DataKey, IndexKey, MasterKeys, SealError, new_data_key

KEY, OLD, NEW = DataKey(b"k" * 32), b"o" * 32, b"n" * 32


@given(st.text(st.characters(), max_size=300), st.text(max_size=40))
def test_any_text_opens_again_in_its_place_lone_surrogates_included(text: str, place: str) -> None:
    assert KEY.open_text(KEY.seal_text(text, place=place, random=os.urandom), place=place) == text


@given(st.binary(min_size=1, max_size=200))
def test_a_blob_does_not_hold_what_it_seals(content: bytes) -> None:
    blob = KEY.seal(b"canary" + content, place="here", random=os.urandom)
    assert b"canary" not in blob


@given(st.lists(st.binary(max_size=50) | st.just(b"x" * (SEALED_AT_ONCE_BYTES + 1)), max_size=4))
def test_what_is_sealed_in_pieces_opens_whole_and_is_sealed_the_same(pieces: list[bytes]) -> None:
    blob = KEY.seal_pieces(pieces, place="here", random=bytes)
    assert blob == KEY.seal(b"".join(pieces), place="here", random=bytes)
    assert KEY.open(blob, place="here") == b"".join(pieces)


@pytest.mark.parametrize(
    ("key", "place", "flip"),
    [
        pytest.param(DataKey(b"x" * 32), "here", 0, id="another key"),
        pytest.param(KEY, "there", 0, id="another place"),
        pytest.param(KEY, "here", 20, id="a damaged blob"),
    ],
)
def test_it_opens_with_nothing_else(key: DataKey, place: str, flip: int) -> None:
    blob = bytearray(KEY.seal(b"words", place="here", random=os.urandom))
    blob[flip] ^= bool(flip)
    with pytest.raises(SealError):
        key.open(bytes(blob), place=place)


@given(st.binary(max_size=60))
def test_rubbish_is_an_error_and_not_a_crash(blob: bytes) -> None:
    with pytest.raises(SealError):
        KEY.open(blob, place="here")


def test_an_older_master_key_still_unwraps_and_the_newest_wraps() -> None:
    data_key = new_data_key(os.urandom)
    wrapped = MasterKeys([OLD]).wrap(data_key, place="p", random=os.urandom)
    both = MasterKeys([NEW, OLD])
    assert both.unwrap(wrapped, place="p") == data_key
    assert MasterKeys([NEW]).unwrap(both.wrap(data_key, place="p", random=os.urandom), place="p") == data_key


def test_a_key_that_no_master_wrapped_says_what_to_do() -> None:
    wrapped = MasterKeys([OLD]).wrap(new_data_key(os.urandom), place="p", random=os.urandom)
    with pytest.raises(SealError, match="put the older key back"):
        MasterKeys([NEW]).unwrap(wrapped, place="p")


def test_no_key_shows_in_a_repr() -> None:
    assert "kkkk" not in repr(KEY)
    assert "oooo" not in repr(MasterKeys([OLD]))
    assert "oooo" not in repr(IndexKey(OLD))
