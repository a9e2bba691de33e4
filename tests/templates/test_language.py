"""A prompt's own words are told to be in their language; what stands around them stays British English."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.core.library.prompts import Prompt
from service.flows.outgoing import emails
from service.mail.outbound.mailer import OutgoingEmail
from tests.harness.mail.sample_emails import LINKS, composer, prompt

GERMAN = replace(prompt("Welche drei Wörter passen gerade?\n\nSie müssen nicht zueinander passen."), locale="de")
LIGHTER = replace(prompt("Was hältst du gern in der Hand?\n\nEgal was."), locale="de")
BRITISH = prompt("Which three words fit you right now?\n\nThey need not go together.")

MADE: dict[str, Callable[[Prompt], OutgoingEmail]] = {
    "prompt": lambda asked: emails.prompt.compose(composer(), asked, replace(LIGHTER, locale=asked.locale), LINKS),
    "welcome": lambda asked: emails.welcome.compose(
        composer(), asked, LINKS, "on Sundays at 8 in the morning, London time"
    ),
    "step_follow_up": lambda asked: emails.step_follow_up.compose(composer(), asked, "Ich atme einmal durch.", LINKS),
    "quiet_month": lambda asked: emails.quiet_month.compose(
        composer(), "May", asked.question, LINKS, locale=asked.locale
    ),
}
each_email = pytest.mark.parametrize("name", MADE)


@each_email
def test_the_words_of_a_german_prompt_are_marked_as_german_and_no_others(name: str) -> None:
    html = LexborHTMLParser(MADE[name](GERMAN).html)
    german = {GERMAN.question, GERMAN.help, LIGHTER.question, LIGHTER.help}
    marked = {node.text() for node in html.css("body [lang=de]")}
    assert GERMAN.question in marked
    assert marked <= german
    seen = {node.text() for node in html.css("body h1, body h2, body p")}
    assert marked == german & seen
    assert all(node.attributes.get("dir") == "auto" for node in html.css("[lang=de]"))


@each_email
def test_around_them_all_is_british_english(name: str) -> None:
    html = LexborHTMLParser(MADE[name](GERMAN).html)
    assert [node.attributes["lang"] for node in html.css("html, body > div")] == ["en-GB", "en-GB"]


@each_email
def test_in_a_british_email_nothing_is_marked_twice(name: str) -> None:
    html = LexborHTMLParser(MADE[name](BRITISH).html)
    assert [node.tag for node in html.css("[lang]")] == ["html", "div"]


@pytest.mark.parametrize("name", ["prompt", "step_follow_up"])
def test_a_german_subject_is_never_read_out_as_english(name: str) -> None:
    html = LexborHTMLParser(MADE[name](GERMAN).html)
    assert [node.attributes.get("lang") for node in html.css("title")] == ["de"]
    assert not html.css("[aria-label]")
