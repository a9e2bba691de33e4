from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from service.core.month.month_markdown import MarkdownEntry, month_as_markdown, verbatim

MAY = date(2026, 5, 1)
# CommonMark, with the two things that GitHub adds and most programs read.
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OURS = {"heading", "paragraph", "blockquote", "hr"}


def rendered(markdown: str) -> list[str]:
    """Return the lines of text that a reader sees; fails where anything but plain paragraphs is made of them."""
    lines = [""]
    for token in PARSER.parse(markdown):
        kind = token.type.removesuffix("_open").removesuffix("_close")
        assert kind in {*OURS, "inline"}, token
        for part in token.children or ():
            assert part.type in {"text", "hardbreak", "text_special"}, part
            if part.type == "hardbreak":
                lines.append("")
            else:
                lines[-1] += part.content
        lines.append("")
    return [line.strip() for line in lines if line.strip()]


def wanted(text: str) -> list[str]:
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return [line.strip() for line in plain.split("\n") if line.strip()]


def test_a_month_has_its_days_their_questions_and_the_words() -> None:
    entries = [
        MarkdownEntry(date(2026, 5, 6), "What was warm today?", "The kettle.\nAnd the step.\n\nNothing else."),
        MarkdownEntry(date(2026, 5, 6), "", "Later: rain."),
        MarkdownEntry(date(2026, 5, 9), "What went past?", "", has_photo=True),
    ]
    assert month_as_markdown(MAY, entries) == (
        "# May 2026\n\n"
        "## Wednesday 6 May 2026\n\n"
        "> What was warm today?\n\n"
        "The kettle.\\\nAnd the step.\n\nNothing else.\n\n"
        "* * *\n\n"
        "Later: rain.\n\n"
        "## Saturday 9 May 2026\n\n"
        "> What went past?\n\n"
        "*There’s a photo with this in your journal.*\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        "# Not a heading",
        "Tired\n=====",
        "Tired\n---",
        "- milk\n- eggs",
        "+ more",
        "* starred *",
        "1. First\n2) Second",
        "> quoted by somebody",
        "    indented like a poem\n\tand by a tab",
        "```\nfence\n```",
        "~~~\nfence\n~~~",
        "<b>loud</b> <!-- gone? --> <https://example.com>",
        "a [link](https://example.com) and ![picture](x.png)",
        "[label]: https://example.com",
        "Mum &amp; Dad &copy; 5 & 6",
        "a\\*b ends in a backslash\\\nnext",
        "_under_ __line__ `code` ~~gone~~",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "a | b\n--|--\n1 | 2",
        "two  \nspaces",
        "<3 and 3 < 4",
        "***",
        "2026. What a year.",
    ],
)
def test_what_markdown_would_read_as_structure_stays_words(words: str) -> None:
    assert rendered(verbatim(words)) == wanted(words)


def test_an_indented_line_keeps_its_indent() -> None:
    [inline] = [token for token in PARSER.parse(verbatim("    far in")) if token.type == "inline"]
    assert "".join(part.content for part in inline.children or ()) == "    far in"


def test_plain_words_are_left_as_they_are() -> None:
    words = "Soup, slowly. It was good – “again”, she said; 3 < 4 & more.\n\nשלום and 静か. 👩‍👩‍👧‍👦 #later 2.5 a-b"
    assert verbatim(words) == words


STRUCTURE = st.text(st.sampled_from("#>+-=*_`~[]()!<>&;:|\\ \t\n\r0123456789.)abcx/\u00a0"), max_size=80)
ANY_WORDS = st.text(max_size=120) | STRUCTURE


@given(ANY_WORDS)
@example("\ta\n b")
@example("a\n\\")
@example("&#32;")
@example("\x0b# a")
def test_words_of_any_shape_are_read_back_word_for_word(words: str) -> None:
    assert rendered(verbatim(words)) == wanted(words)


@given(st.lists(st.tuples(st.integers(1, 31), ANY_WORDS, ANY_WORDS), max_size=6))
def test_no_entry_changes_what_stands_before_or_after_it(parts: list[tuple[int, str, str]]) -> None:
    entries = [MarkdownEntry(MAY.replace(day=day), question, words) for day, question, words in sorted(parts)]
    said = [line for entry in entries for line in (*wanted(entry.question), *wanted(entry.words))]
    found = rendered(month_as_markdown(MAY, entries))
    days = {f"{entry.written_on:%A} {entry.written_on.day} May 2026" for entry in entries} | {"May 2026"}
    assert [line for line in found if line not in days] == [line for line in said if line not in days]


def test_without_the_escapes_the_parser_would_have_seen_structure() -> None:
    with pytest.raises(AssertionError):
        rendered("- milk")


def test_no_word_shows_in_a_repr() -> None:
    assert "Secret" not in repr(MarkdownEntry(MAY, "", "Secret"))


def _kinds(tokens: list[Token]) -> list[str]:
    return [token.type for token in tokens]


def test_questions_are_quotations_and_words_are_not() -> None:
    markdown = month_as_markdown(MAY, [MarkdownEntry(MAY, "What?\n\nAny will do.", "Tea.")])
    kinds = _kinds(PARSER.parse(markdown))
    assert kinds.count("blockquote_open") == 1
    assert kinds.index("blockquote_close") < len(kinds) - 3
