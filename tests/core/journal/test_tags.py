from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.journal.tags import (
    LONGEST_TAG,
    MOST_TAGS,
    distinct,
    is_tag,
    renamed,
    tags_in,
    typed_tags,
    with_changes,
)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        pytest.param("Tea #garden, and (#Rain) “#snow”.", ("garden", "Rain", "snow"), id="after a space or a bracket"),
        pytest.param("#tea at last. #Tea! #TEA", ("tea",), id="each once, as it was first written"),
        pytest.param(
            "#été #散歩 ＃雨 #हिन्दी #back-step #don’t",
            ("été", "散歩", "雨", "हिन्दी", "back-step", "don’t"),
            id="scripts",
        ),
        pytest.param("https://example.org/#no a#no ##no [x](#no) # no", (), id="no address, link or heading"),
        pytest.param("We're #1, and 2026 was #2026; #a1 is one", ("a1",), id="no number alone"),
        pytest.param("#tea- #_tea #" + "x" * (LONGEST_TAG + 1), ("tea",), id="no sign at its ends, and not too long"),
    ],
)
def test_a_word_with_a_number_sign_is_a_tag(text: str, tags: tuple[str, ...]) -> None:
    assert tags_in(text) == tags


def test_an_entry_has_a_bounded_number_of_tags() -> None:
    many = [f"tag{number}" for number in range(MOST_TAGS + 5)]
    assert len(tags_in(" ".join(f"#{tag}" for tag in many))) == MOST_TAGS
    assert len(with_changes(many[:3], [], many)) == MOST_TAGS


def test_a_field_takes_words_with_or_without_their_sign() -> None:
    assert typed_tags(" #tea, garden  #a#b Tea ") == ("tea", "garden", "a", "b")


@pytest.mark.parametrize("word", ["", "1", "-tea", "tea!", "a/b", "x" * (LONGEST_TAG + 1), "🌧"])
def test_not_every_word_can_be_a_tag(word: str) -> None:
    assert not is_tag(word)


def test_a_change_leaves_other_tags_alone() -> None:
    assert with_changes(["Tea", "rain", "added"], before=["tea", "rain"], after=["rain", "snow"]) == (
        *("rain", "added", "snow"),
    )


def test_two_names_become_one_tag() -> None:
    assert renamed(["tee", "rain", "tea"], "tee", "tea") == ("tea", "rain")
    assert renamed(["tee", "rain"], "tee", "") == ("rain",)
    assert distinct(["Tea", "rain", "tea"]) == ("Tea", "rain")


@settings(max_examples=50)
@given(st.text(st.characters(categories=("L", "M", "N", "P", "Zs")), max_size=80))
def test_what_is_found_in_a_text_can_be_found_again_by_its_sign(text: str) -> None:
    for tag in tags_in(text):
        assert is_tag(tag)
        assert tags_in(f"#{tag}") == (tag,)
