"""Words that would run as a script: every page of the journal shows them as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.config import ROOT
from service.core.journal.entry_text import for_showing
from tests.harness.website import WebHarness

# The database stores them sealed, and the same pages are asked on both elsewhere.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FOLDER = ROOT / "tests" / "data" / "attacks"
CASES = json.loads((FOLDER / "scripts.json").read_text("utf-8"))
FOREIGN = "script, img, svg[onload], iframe, base, meta[http-equiv], form[action*=evil], a[href^=javascript]"
EMPHASIS = str.maketrans("", "", "*_")  # marks of light Markdown, which is shown
EVENT = re.compile(r"on[a-z]+")


def foreign_in(page: str) -> Iterator[str]:
    """Yield what no page of the journal has: elements that run or lead elsewhere, and attributes that run."""
    html = LexborHTMLParser(page)
    yield from (node.html or "" for node in html.css(FOREIGN))
    for node in html.css("*"):
        yield from (name for name in node.attributes if EVENT.fullmatch(name))


@ON_SQLITE
def test_every_page_of_the_journal_shows_them_as_text(site: WebHarness) -> None:
    site.join()
    addresses = [site.write(case["words"]).partition("?")[0] for case in CASES]
    about = ["", "/edit", "/delete", "/everything"]
    pages = {path: site.get(path).text for path in ("/journal", "/journal/2026-05", "/journal/2026-05-13")}
    pages |= {address + path: site.get(address + path).text for address in addresses for path in about}
    pages["search"] = site.post("/journal/search", {"words": "alert"}).text
    assert {path: found for path, page in pages.items() if (found := [*foreign_in(page)])} == {}
    for case, address in zip(CASES, addresses, strict=True):
        shown = LexborHTMLParser(pages[address]).css_first("article .words")
        assert shown is not None
        words = for_showing(case["words"].replace("\x00", "\ufffd"))
        assert shown.text().translate(EMPHASIS) == words.translate(EMPHASIS), case["rule"]


@ON_SQLITE
def test_the_pages_that_give_words_back_do_so_too(site: WebHarness) -> None:
    site.join()
    for case in CASES:
        for page in (
            site.post("/write", {"words": case["words"], "written_on": "tomorrow", "once": "x"}).text,
            site.browser.post("/write", data={"words": case["words"]}).text,
            site.post("/journal/search", {"words": case["words"]}).text,
        ):
            assert [*foreign_in(page)] == [], case["rule"]


@pytest.mark.parametrize("case", CASES, ids=[case["rule"] for case in CASES])
def test_what_a_page_would_print_as_it_is_would_be_found(case: dict[str, str]) -> None:
    """The comparison itself, on those that are HTML."""
    page = f"<title>{case['words']}</title><style>{case['words']}</style><!--{case['words']}-->"
    page += f"<input value=\"{case['words']}\"><input value='{case['words']}'><textarea>{case['words']}</textarea>"
    page += f"<div>{case['words']}</div>"
    is_text_alone = case["rule"] in {
        "a link of Markdown that runs",
        "a template of ours",
        "a placeholder of the provider",
        "entities that were escaped",
        "a null between",
    }
    assert bool([*foreign_in(page)]) is not is_text_alone
