import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import escape
from selectolax.lexbor import LexborHTMLParser

from service.core.place import Palette
from service.mail.outbound.rendering import TEXT_WIDTH, Templates, folded, wrapped
from tests.harness.mail.sample_emails import TEMPLATES

LINK = f"https://steps.example.org/write/{'k' * 120}"


def test_plain_text_is_wrapped_between_words() -> None:
    lines = wrapped("word " * 60).splitlines()
    assert max(map(len, lines)) <= TEXT_WIDTH
    assert " ".join(lines).split() == ["word"] * 60


def test_a_link_is_never_broken() -> None:
    assert LINK in wrapped(f"Look here: {LINK} and there.").splitlines()
    assert "%recipient.write_url%" in wrapped(f"{'word ' * 14}%recipient.write_url%").splitlines()


def test_blank_lines_never_pile_up() -> None:
    assert wrapped("\n\na\n\n\n\n\n\nb  \n\n") == "a\n\n\nb\n"


@given(st.text(st.characters(codec="utf-8"), max_size=3000))
def test_any_text_fits_into_the_lines_of_a_mail(text: str) -> None:
    assert max(len(line.encode()) for line in wrapped(text).split("\n")) <= 998


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=3000))
def test_folding_html_changes_nothing_that_a_reader_sees(text: str) -> None:
    html = f"<p>{escape(text)}</p>"
    shown = LexborHTMLParser(folded(html)).css_first("p")
    assert shown is not None
    assert max(len(line.encode()) for line in folded(html).split("\n")) <= 998
    assert shown.text().split() == text.split()


def test_folding_leaves_tags_and_short_text_alone() -> None:
    html = f'<p>Short.</p>\n<a href="{LINK}{LINK}">x</a>'
    assert folded(html) == html


def test_a_template_that_misses_a_value_is_an_error() -> None:
    colours = Palette.parse((TEMPLATES / "place" / "colours.toml").read_text())
    templates = Templates(TEMPLATES, {"name": "Small Steps", "colours": colours})
    with pytest.raises(UndefinedError):
        templates.render("sign_in", {"links": None, "time_text": "14:05"})
