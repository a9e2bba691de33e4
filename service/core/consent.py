"""The wordings that people agree to, by version; the consent log names the version."""

from __future__ import annotations

from typing import Final

WORDINGS: Final = {
    "2026-11": (
        "We will email you a question on the days you choose, and once a month your own words. "
        "You can rest or stop from any email."
    ),
    "2026-11-29": (
        "We’ll email you a question on the days you choose, and once a month your own words. "
        "You can rest or stop from any email."
    ),
}
CURRENT: Final = max(WORDINGS)
