"""The kind of a browser by its User-Agent field."""

import pytest

from service.core.access.browser_kind import browser_kind

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/142.0 Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15", "Safari on a Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148 Safari/604.1", "Safari on an iPhone"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) FxiOS/145.0 Mobile Safari/605.1", "Firefox on an iPhone"),
        (f"Mozilla/5.0 (Linux; Android 15) {WEBKIT} SamsungBrowser/28.0 Chrome/130", "Samsung Internet on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64) {WEBKIT} Chrome/142.0 Safari/537.36", "Chrome on a Chromebook"),
        ("something else (Windows)", "A browser on Windows"),
        ("", "A browser"),
    ],
)
def test_browser_is_named_as_its_owner_knows_it(user_agent: str, kind: str) -> None:
    assert browser_kind(user_agent) == kind


def test_nothing_that_a_browser_says_is_repeated() -> None:
    assert browser_kind("<script>alert(1)</script> Firefox/1 ana@example.com") == "Firefox"
