"""The paragraphs of a book: every word kept, in the direction and the language of its script."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from service.core.journal_export.book import language_of, one_line, paragraphs


def test_blank_lines_part_paragraphs_and_spaces_are_kept() -> None:
    first, second = paragraphs("One\n  two  three\n\n\n\tfour\n")
    assert first.lines == ("One", "\xa0 two\xa0 three")
    assert second.lines == ("\xa0\xa0\xa0\xa0four",)


def test_each_line_goes_the_way_of_its_first_letter() -> None:
    found = paragraphs("1. שלום abc\n(2)\nHello שלום\n\n…\n\nمرحبا")
    assert [(each.direction, each.lines[0]) for each in found] == [
        ("rtl", "1. שלום abc"),
        ("ltr", "Hello שלום"),
        ("ltr", "…"),
        ("rtl", "مرحبا"),
    ]
    assert found[0].lines == ("1. שלום abc", "(2)")


@pytest.mark.parametrize(
    ("text", "language"),
    [("直す and more", "ja"), ("직", "ko"), ("骨", "zh"), ("Straße, नमस्ते, שלום", "")],
)
def test_the_language_of_shared_characters_is_told_by_the_script(text: str, language: str) -> None:
    assert language_of(text) == language


@settings(max_examples=100)
@given(st.text(st.characters(exclude_categories=())))
def test_every_visible_character_is_in_a_line_that_xml_can_hold(text: str) -> None:
    lines = [line for each in paragraphs(text) for line in each.lines]
    for line in lines:
        assert ET.fromstring(f"<p>{escape(line)}</p>").text == line
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", one_line(text))
