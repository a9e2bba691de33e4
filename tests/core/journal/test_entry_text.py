from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.journal.entry_text import (
    for_showing,
    has_visible,
    read_write_link_object,
    restore_piece,
    split_at,
    write_link_object,
)
from service.core.replies.values import TrimmedPiece


@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff", "\u200b \u00a0\u2028", "\u200e\r\n\u00ad"])
def test_what_nobody_can_see_is_not_visible(text: str) -> None:
    assert not has_visible(text)


@pytest.mark.parametrize("text", ["a", "\ufeff.", "静", "🌙", "\u0301", "\ud83c\udf19"])
def test_text_that_a_reader_sees_counts_as_visible(text: str) -> None:
    assert has_visible(text)


def test_pieces_below_one_that_went_back_move_down_with_their_lines() -> None:
    upper, lower = TrimmedPiece("quotation", "a\nb", 1), TrimmedPiece("footer", "z", 2)
    words, left = restore_piece("1\n2", upper, (upper, lower))
    assert restore_piece(words, left[0], left)[0] == "1\na\nb\n2\nz"


@given(st.text(st.characters(exclude_categories=())), st.integers(1, 40))
def test_splitting_loses_nothing_and_keeps_the_limit(text: str, limit: int) -> None:
    shown, beyond = split_at(text, limit)
    assert shown + beyond == text
    assert len(shown.encode("utf-8", "surrogatepass")) <= limit


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_shown_can_be_sent(text: str) -> None:
    for_showing(text).encode("utf-8")


@given(st.integers(0, 2**32 - 1), st.dates(date(2020, 1, 1), date(2199, 6, 6)))
def test_a_write_link_says_which_prompt_and_which_day(key: int, on: date) -> None:
    assert read_write_link_object(write_link_object(key, on)) == (key, on)
