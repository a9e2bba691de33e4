"""The phrases help with blemishes; no loss and no known prompt hangs on them."""

from __future__ import annotations

import tomllib

import pytest

from service.config import ROOT
from service.core.replies import ClientPhrases, read_words
from tests.harness.mail.reply_examples import (
    GMAIL_EN,
    OWN,
    SENT,
    TEXT,
    attributed,
    headed,
    languages,
    phrases,
    quoted,
    squeezed,
)

DATA = (ROOT / "service" / "core" / "data" / "replies.toml").read_text("utf-8")


@pytest.fixture(scope="module")
def none() -> ClientPhrases:
    """No phrase of any language."""
    tables = tomllib.loads(DATA)
    lines = [f"[{table}]\n" + "".join(f"{key} = []\n" for key in keys) for table, keys in tables.items()]
    return ClientPhrases.parse("\n".join(lines))


def test_without_any_phrase_a_known_prompt_still_goes(none: ClientPhrases) -> None:
    for words in OWN:
        for mail in attributed(words, languages()["gmail"][0]):
            assert squeezed(read_words(mail.plain, None, SENT, none).bare) == squeezed(words)


def test_without_any_phrase_nothing_is_lost(none: ClientPhrases) -> None:
    for words in OWN:
        for labels in languages()["headers"]:
            for mail in headed(words, labels):
                assert squeezed(words) in squeezed(read_words(mail.plain, mail.html, None, none).bare)


def test_without_its_phrase_a_footer_stays(none: ClientPhrases) -> None:
    text = "Fine.\n\nSent from my iPhone"
    assert read_words(text, None, None, none).text == text
    assert read_words(text, None, None, phrases()).text == "Fine."


def test_without_what_was_sent_an_unmarked_copy_of_it_stays() -> None:
    text = f"Fine.\n\n{TEXT.split('--')[0].strip()}"
    assert read_words(text, None, None, phrases()).text == text
    assert read_words(text, None, SENT, phrases()).text == "Fine."


def test_without_its_marks_an_unknown_quotation_stays() -> None:
    text = f"Fine.\n\n{GMAIL_EN.partition(',')[0]}\n\nWhat did you eat?"
    assert read_words(text, None, SENT, phrases()).text == text
    assert read_words(f"Fine.\n\n{GMAIL_EN}\n{quoted('What did you eat?')}", None, SENT, phrases()).text == "Fine."


def test_a_missing_list_is_named() -> None:
    with pytest.raises(KeyError, match="wrote"):
        ClientPhrases.parse(DATA.replace("wrote = [", "other = [", 1))


def test_what_is_no_toml_is_refused() -> None:
    with pytest.raises(ValueError, match="="):
        ClientPhrases.parse("no toml")
