"""Every form of a journal and its settings, with what nobody means to send: a clear answer, and nothing is lost."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from itertools import count

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.models import Entry
from tests.harness.mail.pictures import encoded, picture
from tests.harness.website import WebHarness
from tests.web.test_methods import DAY, Objects

BAD = {
    "controls": "".join(map(chr, range(32))) + "tea\x7f\x85\ufffe",
    "nothing": "",
    "very long": "tea " * 1250,
    "a number of no row": "9" * 30,
    "a day that is none": "2026-02-30",
    "digits of another script": "\u0662\u0660\u0662\u0666-\u0660\u0665-\u0661\u0663",
}
PAGES = (
    *("/write", "/write?written_on=2026-05-02", "/journal", "/steps", "/journal/search", "/journal/tags/{tag_key}"),
    *("/journal/entry/{entry}", "/journal/entry/{entry}/edit", "/journal/entry/{entry}/tags"),
    *("/journal/entry/{entry}/again", "/journal/photo/{photo}/change", "/settings", "/settings/questions"),
    *("/settings/questions/{question}", "/settings/quiet-dates", "/settings/addresses", "/settings/change-address"),
    *("/settings/browsers", "/rest/{rest}"),
)
LEFT_ALONE = ("/sign-out", "/journal/photo/")  # the first ends the visit, and the photo of `Objects` has no file
TYPED = "textarea, select, input:not([type=hidden], [type=file])"


@dataclass(frozen=True)
class SentForm:
    """A form of a page: where it goes, what it holds, and the fields that a person fills in."""

    action: str
    fields: dict[str, str]
    typed: tuple[str, ...]


def forms_of(html: str, path: str) -> Iterator[SentForm]:
    for form in LexborHTMLParser(html).css("main form[method=post]"):
        fields = {
            str(node.attributes["name"]): value_of(node)
            for node in form.css("input, textarea, select")
            if node.attributes.get("name") and node.attributes.get("type") not in {"file", "checkbox", "radio"}
        }
        typed = dict.fromkeys(str(node.attributes["name"]) for node in form.css(TYPED) if node.attributes.get("name"))
        yield SentForm(form.attributes.get("action") or path, fields, tuple(typed))


def value_of(node: LexborNode) -> str:
    option = node.css_first("option[selected]") if node.tag == "select" else None
    return node.text() if node.tag == "textarea" else (option or node).attributes.get("value") or ""


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_no_form_fails_on_what_nobody_means_to_send(site: WebHarness, bad: str) -> None:
    objects, networks, sent = Objects(site), count(1), 0
    paths = [page.format(**vars(objects), rest=site.frequency_link()) for page in PAGES]
    failed: list[str] = []
    for path in paths:
        shown = site.get(path)
        assert shown.status_code == HTTPStatus.OK, path
        for form in forms_of(shown.text, path):
            if form.action.startswith(LEFT_ALONE) or not form.typed:
                continue
            for names in {form.typed, *((name,) for name in form.typed)}:
                network = {"REMOTE_ADDR": f"10.0.0.{next(networks) % 256}"}
                data = {**form.fields, **dict.fromkeys(names, bad)}
                answer = site.browser.post(form.action, data=data, environ_overrides=network)
                sent += 1
                if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    failed.append(f"{form.action} {names}: {answer.status_code}")
    assert not failed
    assert sent > len(PAGES)
    assert all(site.get(path).status_code < HTTPStatus.INTERNAL_SERVER_ERROR for path in paths)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("/write", {"words": "The bus was late."}),
        ("/steps", {"words": "Open a window."}),
        ("/settings/questions", {"words": "What went past?"}),
        ("/settings/quiet-dates", {"first": "29 February", "label": "tea"}),
    ],
)
def test_a_form_that_comes_twice_makes_one_row(site: WebHarness, page: str, fields: dict[str, str]) -> None:
    site.join()
    [form, *_] = forms_of(site.get(page).text, page)
    first, second = (site.browser.post(form.action, data={**form.fields, **fields}) for _ in range(2))
    assert first.status_code == HTTPStatus.SEE_OTHER
    assert (second.status_code, second.location) == (first.status_code, first.location)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_control_characters_go_into_no_question_and_no_label(site: WebHarness) -> None:
    """A question is the subject and the text of an email."""
    site.join()
    site.post("/settings/questions", {"words": "What\x00 went\x1b past?"})
    site.post("/settings/quiet-dates", {"first": "20 December", "last": "3 January", "label": "My\x08 sister"})
    assert "What went past?" in site.get("/settings/questions").text
    shown = site.get("/settings/quiet-dates").text
    assert "My sister" in shown
    assert "20 December to 3 January" in shown


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_photo_of_four_hundred_million_pixels_costs_no_words(site: WebHarness) -> None:
    site.join()
    head = struct.pack(">II", 20_000, 20_000)
    png = encoded(picture((8, 8)), "PNG")
    header = b"IHDR" + head + png[24:29]
    huge = png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]
    kept = site.post("/write", {"words": "The lake.", "photos": (BytesIO(huge), "lake.png")})
    shown = site.get(str(kept.location)).text
    assert "couldn’t be kept" in shown
    with site.runtime.database.read() as session:
        assert len(Entry.between(session, site.person().id, DAY, DAY)) == 1
    assert "The lake." in shown
