"""The kind of a browser, in words that its owner knows it by: "Firefox on Windows", "Safari on an iPhone"."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "A browser"
# By what stands in the User-Agent field (RFC 9110, section 10.1.5). The first that fits counts, since browsers name
# those that they want to be taken for.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "a Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "a Mac"),
    ("Linux", "Linux"),
)


def browser_kind(user_agent: str) -> str:
    """Return the kind of the browser that sent this User-Agent field; nothing of the field itself is in it."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), UNKNOWN)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
