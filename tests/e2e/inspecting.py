"""Checking one page against the acceptance table: accessibility, width, targets, colours, weight, markup."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from playwright.sync_api import Page, Response

from tests.e2e.checker import Checker
from tests.e2e.looking import HEIGHT, axe, shot, sideways
from tests.e2e.visiting import Visits

LARGEST_BYTES = 30 * 1024
NARROW = 320
# A week of days has seven columns, which leave each 39 px on the narrowest phone (WCAG 2.2, 2.5.8: at least 24).
# Links inside a sentence are as high as its lines (WCAG 2.2, 2.5.8, "inline"); a tick box includes its label.
SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, select, textarea, input:not([type=hidden])")]
    .flatMap(element => {
        const boxes = [element, ...(element.type === "checkbox" || element.type === "radio" ? element.labels : [])]
            .map(part => part.getBoundingClientRect());
        const width = Math.max(...boxes.map(box => box.right)) - Math.min(...boxes.map(box => box.left));
        const height = Math.max(...boxes.map(box => box.bottom)) - Math.min(...boxes.map(box => box.top));
        const sentence = element.closest("p, li, dd, div, label, figcaption");
        const inSentence = getComputedStyle(element).display === "inline" && sentence
            && sentence.innerText.trim() !== element.textContent.trim();
        const unseen = boxes.every(box => box.right <= 0 || box.width === 0);
        const narrowest = element.closest(".calendar td") ? 38 : 43.5;
        if (unseen || inSentence || (width >= narrowest && height >= 43.5)) return [];
        return [`${element.tagName} ${(element.textContent || element.name).trim().slice(0, 40)}: `
            + `${Math.round(width)} x ${Math.round(height)}`];
    })"""
# Where the system's colours replace ours, a control is known by its border, and a written day by its dot.
BARE_CONTROLS = """() => [...document.querySelectorAll(
        ".button, button:not(.plain), select, textarea, input:not([type=hidden], [type=file])")]
    .filter(element => element.getBoundingClientRect().right > 0)
    .filter(element => { const style = getComputedStyle(element);
        return !["radio", "checkbox"].includes(element.type)
            && (style.borderTopStyle === "none" || parseFloat(style.borderTopWidth) < 1); })
    .map(element => `${element.tagName} ${(element.textContent || element.name).trim().slice(0, 40)}`)"""


# The paths of the pages that were looked at in this process, as long as they were there.
LOOKED_AT: set[str] = set()


def faults_of(visits: Visits, checker: Checker, page: Page, name: str) -> list[str]:
    """Return in what the page that lies open falls short, a line each; keep pictures under this name if wanted."""
    found = _narrow_faults(page)
    found += [f"without our colours, no border: {control}" for control in _bare_controls(page)]
    found += _answer_faults(visits, checker, page)
    shot(page, name)
    if page.url.startswith(visits.stack.web_url) and _answer(visits, page).ok:
        LOOKED_AT.add(urlsplit(page.url).path)
    return [f"{name}: {fault}" for fault in found]


def _narrow_faults(page: Page) -> list[str]:
    before = page.viewport_size
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    found = axe(page)
    found += [f"small target: {target}" for target in cast("list[str]", page.evaluate(SMALL_TARGETS))]
    if outside := sideways(page, NARROW):
        found.append(f"{outside} px outside {NARROW} px")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    if outside := sideways(page, NARROW):
        found.append(f"{outside} px outside {NARROW} px with text at 200%")
    page.evaluate("document.documentElement.style.fontSize = ''")
    if before:
        page.set_viewport_size(before)
    return found


def _bare_controls(page: Page) -> list[str]:
    page.emulate_media(forced_colors="active")
    found = cast("list[str]", page.evaluate(BARE_CONTROLS))
    page.emulate_media(forced_colors="none")
    return found


def _answer_faults(visits: Visits, checker: Checker, page: Page) -> list[str]:
    body = _answer(visits, page).body()
    found = [f"{len(body)} bytes"] if len(body) > LARGEST_BYTES else []
    return found + checker.faults(body.decode())


def _answer(visits: Visits, page: Page) -> Response:
    return visits.answers[page.url.partition("#")[0]]
