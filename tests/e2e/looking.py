"""Looking at a page as a person and as a checker would: pictures, accessibility, and whether it fits a phone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

from playwright.sync_api import Page

from service.config import ROOT

TOOLS = Path(__file__).parent / "node_modules"
SCREENSHOTS = ROOT / "var" / "screenshots"
WIDTHS = (320, 1280)
WIDTHS_OF_EMAILS = (320, 700)
HEIGHT = 900
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]


def shot(page: Page, name: str, widths: Sequence[int] = WIDTHS) -> list[Path]:
    """Take the whole page in light and dark, on a narrow and on a wide screen; return the files in var/screenshots/."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    taken = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width in widths:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            file = SCREENSHOTS / f"{name}-{scheme}-{width}.png"
            page.screenshot(path=file, full_page=True, animations="disabled")
            taken.append(file)
    page.emulate_media(color_scheme="null")
    if before:
        page.set_viewport_size(before)
    return taken


def axe(page: Page) -> list[str]:
    """Return what breaks WCAG 2.2 A or AA in light and in dark: a rule, its help and the place, a line each."""
    page.evaluate((TOOLS / "axe-core" / "axe.min.js").read_text())
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        violations = page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then(done => done.violations)",
            WCAG_22_AA,
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
