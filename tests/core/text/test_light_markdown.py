"""Words as HTML: a few marks are shown, and everything else is the text that was written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from service.core.text.light_markdown import LONGEST, MOST_MARKS, line_as_html, words_as_html

QUOTE = '<blockquote class="note">'
SHOWN = {"html", "head", "body", "em", "strong", "s", "ul", "ol", "li", "blockquote", "a"}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param("a *b* **c** ~~d~~", "a <em>b</em> <strong>c</strong> <s>d</s>", id="emphasis"),
        pytest.param("snake_case, 2 * 3 * 4", "snake_case, 2 * 3 * 4", id="marks that are none"),
        pytest.param("  verse\n    verse\n\n\nend *", "  verse\n    verse\n\n\nend *", id="white space stays"),
        pytest.param("- a\n- b\n\nend", "<ul><li>a</li><li>b</li></ul>end", id="a list"),
        pytest.param("1986. Ice\n1987. Rain", '<ol start="1986"><li>Ice</li><li>Rain</li></ol>', id="numbers stay"),
        pytest.param("- a\n  - *b*", "<ul><li>a<ul><li><em>b</em></li></ul></li></ul>", id="a list within a list"),
        pytest.param("> they said\nmine", f"{QUOTE}they said</blockquote>mine", id="an answer is in no quotation"),
        pytest.param("> a\n> > b", f"{QUOTE}a{QUOTE}b</blockquote></blockquote>", id="a quotation within one"),
        pytest.param(
            '[a](https://e.org/?x=1&y="2)',
            '<a href="https://e.org/?x=1&amp;y=%222" rel="noopener noreferrer nofollow">a</a>',
            id="a link",
        ),
        pytest.param("[a](javascript:alert(1))", "[a](javascript:alert(1))", id="a link that runs is text"),
        pytest.param("[a](/erase) [b](//e.org)", "[a](/erase) [b](//e.org)", id="a link into these pages is text"),
        pytest.param("# a\n---\n`b` &amp; \\*", "# a\n---\n`b` &amp;amp; \\*", id="other Markdown is text"),
        pytest.param("*<b>a</b>*", "<em>&lt;b&gt;a&lt;/b&gt;</em>", id="HTML is text"),
    ],
)
def test_light_markdown_is_shown_and_all_else_is_text(words: str, shown: str) -> None:
    assert words_as_html(words) == shown


def test_a_line_has_emphasis_and_no_list() -> None:
    assert line_as_html("- a *b*") == "- a <em>b</em>"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab \n*_~[]()<>&\"'>-+1.:/#\\`!", max_size=60))
def test_no_words_make_another_element_or_attribute_and_no_letter_is_lost(words: str) -> None:
    shown = words_as_html(words)
    nodes = LexborHTMLParser(f"<body>{shown}</body>").css("*")
    assert {node.tag for node in nodes} <= SHOWN
    assert {name for node in nodes for name in node.attributes} <= {"href", "rel", "class", "start"}
    if "](" not in words:
        assert re.findall("[ab]", LexborHTMLParser(shown).text()) == re.findall("[ab]", words)


@pytest.mark.parametrize("mark", ["[", "*a* ", "_", "~"])
def test_a_text_that_is_full_of_marks_is_shown_as_it_was_written(mark: str) -> None:
    words = mark * (MOST_MARKS + 1)
    assert words_as_html(words) == line_as_html(words) == words
    assert words_as_html("*a* " + "b" * LONGEST).startswith("*a* ")
