import re

import pytest
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined
from selectolax.lexbor import LexborHTMLParser

from service.config import ROOT
from tests.harness.mail.sample_emails import sample_place

TEMPLATES = ROOT / "templates"
STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
PAGE = """
{% extends "base.html" %}
{% from "_forms.html" import choices, csrf, error_summary, field, tick %}
{% set here = "/journal" %}
{% block title %}A page{% endblock %}
{% block main %}
{{ error_summary(errors) }}
<h1>A page</h1>
<form method="post">{{ csrf() }}
{% call(attributes) field("email", "Email address", hint="Why we ask.", error=errors.get("email", "")) %}
<input {{ attributes }} type="email" value="{{ typed }}">
{% endcall %}
{% call(attributes) field("name", "Name") %}<input {{ attributes }} type="text">{% endcall %}
{% set rhythms = [("one", "Sundays"), ("seven", "Every day")] %}
{{ choices("rhythm", "How often?", rhythms, "seven", error=errors.get("rhythm", "")) }}
{{ choices("days", "Days", [("1", "Monday"), ("2", "Tuesday")], ["2"], kind="checkbox") }}
{{ tick("digest", "Send the month back", checked=true) }}
</form>
{% endblock %}
"""


def page(**values: object) -> LexborHTMLParser:
    environment = Environment(
        loader=ChoiceLoader([DictLoader({"page.html": PAGE}), FileSystemLoader(TEMPLATES)]),
        autoescape=True,
        undefined=StrictUndefined,
    )
    environment.globals["csrf_token"] = lambda: "nonce"
    context: dict[str, object] = {"style": STYLE, "place": sample_place(), "errors": {}, "typed": ""} | values
    return LexborHTMLParser(environment.get_template("page.html").render(context))


def attribute(html: LexborHTMLParser, selector: str, name: str) -> str | None:
    node = html.css_first(selector)
    assert node is not None, selector
    return node.attributes.get(name)


def text(html: LexborHTMLParser, selector: str) -> str:
    return " ".join(" ".join(node.text() for node in html.css(selector)).split())


def test_the_style_stands_there_word_for_word_so_that_its_hash_holds() -> None:
    html = page()
    assert [style.text() for style in html.css("style")] == [STYLE]
    assert not html.css("script, [style], img")
    assert [link.attributes["href"] for link in html.css("link")] == ["/favicon.svg"]


def test_the_style_is_small() -> None:
    assert len(STYLE.encode()) < 7_000


def test_a_stranger_sees_no_way_to_a_journal_and_everybody_the_way_to_help() -> None:
    html = page()
    assert not html.css("nav")
    assert attribute(html, ".name", "href") == "/"
    assert text(html, "footer a") == "Privacy About Help now"


def test_who_is_signed_in_finds_their_pages_and_leaves_by_a_button() -> None:
    html = page(signed_in=True)
    assert text(html, "nav a") == "Journal Steps Settings"
    assert text(html, "nav [aria-current=page]") == "Journal"
    assert attribute(html, "footer form", "method") == "post"
    assert attribute(html, "footer form", "action") == "/sign-out"
    assert attribute(html, "footer form input", "value") == "nonce"


def test_the_first_link_skips_to_the_page() -> None:
    html = page()
    assert attribute(html, "a", "href") == "#main"
    assert attribute(html, "main", "id") == "main"


def test_without_errors_nothing_speaks_of_errors() -> None:
    html = page()
    assert text(html, "title") == "A page – Small Steps"
    assert not html.css(".summary, .error, [aria-invalid]")
    assert attribute(html, "#email", "aria-describedby") == "email-hint"
    assert attribute(html, "#name", "aria-describedby") is None


def test_an_error_is_said_in_the_title_in_a_focused_summary_and_beside_its_field() -> None:
    wrong = "Enter an email address, like name@example.com"
    html = page(errors={"email": wrong, "rhythm": "Choose how often"})
    assert text(html, "title") == "Error: A page – Small Steps"
    assert attribute(html, ".summary", "tabindex") == "-1"
    assert "autofocus" in html.css(".summary")[0].attributes
    assert [link.attributes["href"] for link in html.css(".summary a")] == ["#email", "#rhythm"]
    assert text(html, "#email-error") == f"Error: {wrong}"
    assert attribute(html, "#email", "aria-describedby") == "email-hint email-error"
    assert attribute(html, "#email", "aria-invalid") == "true"
    assert attribute(html, "fieldset", "aria-describedby") == "rhythm-error"
    assert attribute(html, "#rhythm", "type") == "radio"


@pytest.mark.parametrize("typed", ["sam@", '"><script>alert(1)</script>', "'"])
def test_what_was_typed_is_kept_and_is_never_markup(typed: str) -> None:
    html = page(typed=typed)
    assert attribute(html, "#email", "value") == typed
    assert not html.css("script")


def test_choices_show_what_was_chosen_and_each_has_its_label() -> None:
    html = page()
    assert [box.attributes["value"] for box in html.css("[checked]")] == ["seven", "2", "yes"]
    labels = {label.attributes["for"] for label in html.css("label[for]")}
    for box in html.css("input:not([type=hidden])"):
        assert box.id in labels or (box.parent is not None and box.parent.tag == "label"), box.html


@pytest.mark.parametrize("name", ["plain", "quiet", "danger"])
def test_the_looks_of_buttons_stand_on_buttons_alone(name: str) -> None:
    tags = [
        tag
        for path in TEMPLATES.rglob("*.html")
        for tag in re.findall(rf'<\w+(?=[^>]*class="(?:[\w-]+ )*{name}[ "])[^>]*', path.read_text(encoding="utf-8"))
    ]
    assert tags
    assert not [tag for tag in tags if not tag.startswith("<button") and 'class="button ' not in tag]
