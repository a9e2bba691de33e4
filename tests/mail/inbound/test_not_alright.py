"""Where help is now stands in every email, and no number is given as checked that nobody has checked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.core.helplines import parse_help_lines
from service.flows.outgoing import emails
from service.mail.outbound.mailer import OutgoingEmail
from tests.harness.mail.sample_emails import IN_REPLY_TO, LINKS, SITE, TEMPLATES, composer, every_email

EVERY = every_email()
NOBODY_READS = "Nobody reads replies as they arrive."
PERSON_NOW = "If you need a person now, findahelpline.com lists who is near you."
HELP_PAGE, DIRECTORY = f"{SITE}/help-now", "https://findahelpline.com/"
OUR_LINES = parse_help_lines((TEMPLATES / "helplines.toml").read_text(encoding="utf-8"))
TODAY = date(2026, 5, 13)


def lacking(email: OutgoingEmail) -> list[str]:
    """Return which parts of an email do not say, at their end, that nobody reads along and where help is."""
    html = LexborHTMLParser(email.html)
    foot = html.css_first(".foot")
    links = {link.attributes["href"] for link in foot.css("a")} if foot else set()
    foot_of_text = email.text.rpartition("\n--\n")[2]
    parts: dict[str, tuple[str, set[str | None]]] = {
        "html": (foot.text() if foot else "", links),
        "text": (foot_of_text, set(foot_of_text.split())),
    }
    return [
        name
        for name, (words, found) in parts.items()
        if not {HELP_PAGE, DIRECTORY} <= found or NOBODY_READS not in _words(words) or PERSON_NOW not in _words(words)
    ]


@pytest.mark.parametrize("name", EVERY)
def test_where_help_is_stands_at_the_end_of_both_parts_of_every_email(name: str) -> None:
    assert lacking(EVERY[name]) == []


@pytest.mark.parametrize("gone", [NOBODY_READS, "If you need a person now", HELP_PAGE, DIRECTORY])
def test_an_email_that_lacks_it_is_found(gone: str) -> None:
    """The control of the test above."""
    email = EVERY["prompt_with_lighter"]
    assert gone in email.html
    assert gone in email.text
    assert lacking(replace(email, html=email.html.replace(gone, ""))) == ["html"]
    assert lacking(replace(email, text=email.text.replace(gone, ""))) == ["text"]


def test_every_line_is_in_the_first_receipt_of_its_country_and_said_to_be_unchecked() -> None:
    for line in OUR_LINES.lines:
        assert line.checked_on is None, "once a line is checked, say here what it is to look like"
        email = _receipt(line.country, TODAY)
        said = f"Help now in {line.where}: {line.name}, {line.number} (unchecked: nobody here has called it lately)."
        assert said in _words(email.text)
        assert said in _words(LexborHTMLParser(email.html).text())


def test_without_a_country_the_first_receipt_still_says_where_help_is() -> None:
    assert lacking(_receipt("", TODAY)) == []


def _receipt(country: str, on: date) -> OutgoingEmail:
    return emails.receipt.compose(
        composer(), LINKS, f"{SITE}/act/x", subject="S", in_reply_to=IN_REPLY_TO, on=on, country=country
    )


def _words(text: str) -> str:
    return " ".join(text.split())
