"""Looking at a page as a person and as a checker would: pictures, accessibility, and whether it fits a phone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

from playwright.sync_api import Page

from service.config import ROOT

TOOLS = Path(__file__).parent / "node_modules"
SCREENSHOTS = ROOT / "var" / "screenshots"
ARE_WANTED = "SCREENSHOTS" in os.environ  # `make screenshots`: to take them is two fifths of what a page costs
WIDTHS = (320, 1280)
WIDTHS_OF_EMAILS = (320, 700)
HEIGHT = 900
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
# A dark page is the light one in other colours, which these of the rules look at.
RULES = {
    "light": {"type": "tag", "values": WCAG_22_AA},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}


def kept(name: str) -> Path:
    """Return the file in var/screenshots/ with this name."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS / name


def shot(page: Page, name: str, widths: Sequence[int] = WIDTHS) -> None:
    """Keep pictures of the whole page in light and dark, on a narrow and on a wide screen, if they are wanted."""
    if not ARE_WANTED:
        return
    before = page.viewport_size
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width in widths:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.screenshot(path=kept(f"{name}-{scheme}-{width}.png"), full_page=True, animations="disabled")
    page.emulate_media(color_scheme="null")
    if before:
        page.set_viewport_size(before)


def axe(page: Page) -> list[str]:
    """Return what breaks WCAG 2.2 A or AA in light and in dark: a rule, its help and the place, a line each."""
    page.evaluate((TOOLS / "axe-core" / "axe.min.js").read_text())
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        violations = page.evaluate(
            # Without the rest, which it would describe as well, it takes half the time.
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(done => done.violations)",
            RULES[scheme],
        )
        for rule in violations:
            places = ", ".join(str(node["target"][-1]) for node in rule["nodes"])
            found.append(f"{scheme}: {rule['id']}: {rule['help']} ({places})")
    page.emulate_media(color_scheme="null")
    return found


def sideways(page: Page, width: int = 320) -> int:
    """Return how many CSS pixels of the page lie outside a screen this wide (WCAG 1.4.10: none)."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": HEIGHT})
    root = "document.documentElement"
    outside = cast("int", page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))
    if before:
        page.set_viewport_size(before)
    return outside
