"""Whatever mail program and language quotes the prompt, exactly the person's words are left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.core.replies import SentEmail
from tests.harness.mail.reply_examples import (
    GMAIL_EN,
    OWN,
    SENT,
    TEXT,
    Mail,
    attributed,
    headed,
    languages,
    quoted,
    read,
    squeezed,
)


def parts(mail: Mail) -> Iterator[tuple[str | None, str | None]]:
    """A mail with its text only, its HTML only, and both."""
    yield mail.plain, None
    yield None, mail.html
    yield mail.plain, mail.html


def check(mail: Mail, sent: SentEmail | None) -> None:
    for plain, html in parts(mail):
        found = read(plain, html, sent)
        assert squeezed(found.bare) == squeezed(mail.words), (mail.program, found.bare)


@pytest.mark.parametrize("attribution", languages()["gmail"] + languages()["bare"])
def test_an_attribution_in_any_language_goes_with_the_prompt(attribution: str) -> None:
    for words in OWN:
        for mail in attributed(words, attribution):
            check(mail, SENT)


@pytest.mark.parametrize("attribution", languages()["gmail"])
def test_an_attribution_with_an_address_is_enough_where_the_prompt_is_unknown(attribution: str) -> None:
    for words in OWN:
        for mail in attributed(words, attribution):
            check(mail, None)


@pytest.mark.parametrize("labels", languages()["headers"], ids="/".join)
@pytest.mark.parametrize("sent", [SENT, None], ids=["prompt known", "prompt unknown"])
def test_a_header_block_in_any_language_ends_the_words(labels: list[str], sent: SentEmail | None) -> None:
    for words in OWN:
        for mail in headed(words, labels):
            check(mail, sent)


def test_a_header_block_in_a_language_nobody_told_us_ends_the_words() -> None:
    for mail in headed("One line.", ["Xqor", "Yqor", "Zqor", "Wqor"]):
        check(mail, SENT)


def test_an_attribution_in_a_language_nobody_told_us_goes_with_the_prompt() -> None:
    for mail in attributed("One line.", "Qor 2026-09-03 10:20 zor {name} <{address}> bor:"):
        check(mail, SENT)


@pytest.mark.parametrize("line", languages()["devices"])
def test_a_device_line_goes_beside_the_quotation_and_at_the_end(line: str) -> None:
    for words in OWN:
        beside = read(f"{words}\n\n{line}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}")
        end = read(f"{words}\n\n{line}\n")
        for found in (beside, end):
            assert squeezed(found.bare) == squeezed(words)
            assert found.trimmed[0].reason == "footer"
            assert line in found.trimmed[0].text


@pytest.mark.parametrize("line", languages()["devices"])
def test_a_device_line_amid_words_is_the_persons(line: str) -> None:
    assert line in read(f"My mother ended every letter so:\n\n{line}\n\nI miss that.").text


def test_at_least_twenty_five_languages_sign_off_on_a_device() -> None:
    assert len(languages()["devices"]) > 60
    assert len(languages()["headers"]) >= 25
