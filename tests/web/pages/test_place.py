"""The name, the writer and the colours of the place, on pages."""

from dataclasses import replace

from service.app import create_app
from service.core.place import Place, Writer
from tests.harness.website import WebHarness

NORA = Writer("Nora Field", "https://nora.example/", ("I write about slow things, and read no journal but mine.",))


def pages_of(site: WebHarness, place: Place, *paths: str) -> list[str]:
    """Return these pages of the same service, run as another place."""
    client = create_app(replace(site.runtime, place=place)).test_client()
    return [client.get(path).text for path in paths]


def test_stranger_sees_a_question_a_made_up_month_and_who_runs_the_place(site: WebHarness) -> None:
    place = replace(site.runtime.place, name="Quiet Corner", writer=NORA)

    (first,) = pages_of(site, place, "/")

    assert "– Quiet Corner</title>" in first
    assert "One of the questions" in first
    assert "Mira is made up" in first
    assert "locked with a key of its own" in first
    assert NORA.lines[0] in first
    assert "Nora Field runs Quiet Corner." in first
    assert '<a href="https://nora.example/" rel="noopener">nora.example</a>' in first


def test_every_page_has_the_name_and_about_has_the_writer(site: WebHarness) -> None:
    place = replace(site.runtime.place, name="Quiet Corner", writer=NORA)

    pages = pages_of(site, place, "/about", "/privacy", "/help-now", "/sign-in", "/nowhere")

    assert all("<span>Quiet Corner</span>" in page and "Small Steps" not in page for page in pages)
    assert "Nora Field runs Quiet Corner." in pages[0]


def test_without_a_writer_the_page_names_the_address_alone(site: WebHarness) -> None:
    first = site.get("/").text

    assert "mailto:hello@mail.example.org" in first
    assert " runs Small Steps." not in first


def test_colours_of_the_place_are_those_of_pages_and_icon(site: WebHarness) -> None:
    palette = site.runtime.place.palette
    place = replace(site.runtime.place, palette=replace(palette, light=replace(palette.light, accent="#2A3F8F")))

    first, icon = pages_of(site, place, "/", "/favicon.svg")

    assert "--accent:#2A3F8F" in first
    assert 'fill="#2A3F8F"' in icon


def test_after_a_mistake_only_the_form_is_shown(site: WebHarness) -> None:
    answer = site.ask_for_signup("not an address")

    assert "Mira is made up" not in answer.text
