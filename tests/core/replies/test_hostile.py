"""Nothing that can be mailed takes long: 100 ms of CPU per 100 kB, with a margin for busy machines."""

from __future__ import annotations

from time import process_time

import pytest

from service.core.replies import SentEmail
from tests.harness.reply_examples import SENT, TEXT, read

KB = 1_000
LIMIT_MS = 3_000  # a guard against hanging; the bar is 100 ms on a quiet machine, and a loaded one was seen at 346

TEXTS = {
    "6 kB of On": "On " * 2 * KB,
    "100 kB of On": "On " * 33 * KB,
    "200 kB on one line": "a" * 200 * KB,
    "words on one line": "word " * 40 * KB,
    "1 MB": "The whole of a very long day. " * 33 * KB,
    "colons": "a:\n" * 33 * KB,
    "headers": "From: a@b.c\nTo: b\n" * 6 * KB,
    "headers apart": "From: a@b.c\n\n" * 8 * KB,
    "open brackets": "From: [a\n" * 11 * KB,
    "quotation marks": ">" * 100 * KB,
    "quoted lines": "> a\n" * 25 * KB,
    "blank": "\n" * 100 * KB,
    "spaces": " " * 100 * KB + "x",
    "delimiters": "-- \n" * 25 * KB,
    "signatures": "-- \na\n" * 20 * KB,
    "device lines": "Sent from my iPhone\n\n" * 5 * KB,
    "notices": "virus-free\n\n" * 8 * KB,
    "the prompt again and again": TEXT * 400,
    "one line of the prompt": "What made you smile today?\n" * 4 * KB,
    "attributions": "2026-01-01 10:20 x wrote:\n" * 4 * KB,
    "attributions with quotations": "On 2026-01-01 10:20 <a@b.c> wrote:\n> x\n" * 2_500,
    "dividers": "----- original message -----\n" * 3_500,
    "torn addresses": "<\n" * 50 * KB + "a wrote:",
    "rules": ("_" * 50 + "\n") * 2 * KB,
    "Japanese attributions": "日本語のメール:\n" * 12 * KB,
}
PAGES = {
    "300 divs": "<div>" * 300 + "words here" + "</div>" * 300,
    "20,000 divs": "<div>" * 20 * KB + "words here",
    "quotations in quotations": "<blockquote>" * 199 + "words here",
    "bold, never closed": "<b>" * 1_900 + "words here",
    "links, never closed": "<a href='http://x.y/'>" * 1_900 + "<br>" * 50 + "words here",
    "comments": "<!--" * 25 * KB + "words here",
    "scripts": "words here" + "<script>" * 12 * KB,
    "brackets": "<" * 100 * KB + " words here",
    "half tags": "words here" + "<a " * 33 * KB,
    "entities": "words here" + "&#" * 50 * KB,
    "tables": "<table><tr><td>" * 60 + "words here",
    "attributes": "<div " + "a=b " * 25 * KB + ">words here</div>",
    "an inline picture": "<img src='data:image/png;base64," + "A" * 1_000 * KB + "'>words here",
    "bold over blocks": "<b>" * 100 + "<div>x</div>" * 1_800 + "words here",
}


def milliseconds(plain: str | None, html: str | None, sent: SentEmail | None) -> float:
    before = process_time()
    read(plain, html, sent)
    size = len(plain or "") + len(html or "")
    return (process_time() - before) * 1_000 / max(size / (100 * KB), 1)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("sent", [SENT, None], ids=["prompt known", "prompt unknown"])
def test_no_text_takes_long(text: str, sent: SentEmail | None) -> None:
    assert milliseconds(text, None, sent) < LIMIT_MS


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_no_html_takes_long_or_loses_its_words(page: str) -> None:
    assert milliseconds(None, page, SENT) < LIMIT_MS
    found = read(None, page)
    assert "words here" in found.text + found.over


def test_words_deeper_than_any_tree_are_kept() -> None:
    for depth in (150, 254, 300, 3_000, 100_000):
        assert read(None, "<div>" * depth + "words" + "</div>" * depth).text == "words"
