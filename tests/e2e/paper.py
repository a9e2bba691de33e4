"""Looking at a page as a printer puts it on paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from typing import cast

from playwright.sync_api import Page
from pypdf import PdfReader

from tests.e2e.looking import ARE_WANTED, kept

# What is for pressing is seen by its box; of words, the colours that stand are those of their element and its ground.
TO_PRESS = """() => [...document.querySelectorAll("nav, form, button, input, .button, footer")]
    .filter(element => element.getClientRects().length > 0)
    .map(element => `${element.tagName} ${element.textContent.trim().slice(0, 40)}`)"""
COLOURS = """() => [...new Set([document.body, ...document.querySelectorAll("main *")]
    .filter(element => element.getClientRects().length > 0 && element.innerText && element.innerText.trim())
    .map(element => getComputedStyle(element))
    .flatMap(style => [style.color, style.backgroundColor]))]"""
EDGE = "15mm"
INKS = {"rgb(0, 0, 0)", "rgb(51, 51, 51)"}
GROUNDS = {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)", "rgb(238, 238, 238)"}  # the last is that of a written day


def paper_faults(page: Page, name: str, *, photos: int = 0) -> list[str]:
    """Return what would be wrong on paper, a line each; the browser is in the dark, and paper is not.

    `photos` is how many the page shows; each must be on one sheet, whole. The sheets are kept if wanted.
    """
    page.emulate_media(media="print", color_scheme="dark")
    found = [f"to press: {element}" for element in cast("list[str]", page.evaluate(TO_PRESS))]
    found += [f"colour: {colour}" for colour in {*page.evaluate(COLOURS)} - INKS - GROUNDS]
    above = [" ".join(words.split()) for words in page.locator("h1, h2, h3, .card > .muted").all_inner_texts()]
    page.emulate_media(media="null", color_scheme="null")
    data = page.pdf(format="A4", margin={"top": EDGE, "right": EDGE, "bottom": EDGE, "left": EDGE})
    if ARE_WANTED:
        kept(f"{name}.pdf").write_bytes(data)
    return [f"{name} on paper: {fault}" for fault in [*found, *_sheet_faults(data, above, photos)]]


def _sheet_faults(data: bytes, above: Sequence[str], photos: int) -> list[str]:
    """Return what is wrong with the sheets; `above` are the headings and questions, which stand above something."""
    sheets = PdfReader(BytesIO(data)).pages
    drawn = Counter(image.indirect_reference for sheet in sheets for image in sheet.images)
    found = [f"a photo on {sheets_of} sheets" for sheets_of in drawn.values() if sheets_of > 1]
    if len(drawn) != photos:
        found.append(f"{len(drawn)} photos in place of {photos}")
    for sheet in sheets:
        [*_, last] = ["", *(line.strip() for line in sheet.extract_text().splitlines() if line.strip())]
        if last and any(words.endswith(last) for words in above):
            found.append(f"alone at the end of a sheet: {last}")
    return found
