"""Parsing the pages of the provider's suppression lists.

Source: Mailgun, Suppressions (OpenAPI, 2026-07): items with `address`, `created_at` as an RFC 2822 date and, in
bounces, `code` and the receiving server's own words as `error`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from service.mail.outbound.mailer import ListedAddress, ProviderUnreachable

# Only the code of the server's text is kept, because the text quotes addresses.
_ENHANCED_CODE = re.compile(r"(?<![\d.])5\.\d{1,3}\.\d{1,3}(?![\d.])", re.ASCII)


def listed_addresses(page: Mapping[str, Any]) -> list[ListedAddress]:
    """Return the addresses of a page.

    Raises:
        ProviderUnreachable: it is not a page of a list.
    """
    items = page.get("items")
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise ProviderUnreachable("The provider's list of suppressions cannot be read.")
    return [_listed(item) for item in items]


def _listed(item: Mapping[str, Any]) -> ListedAddress:
    found = _ENHANCED_CODE.search(str(item.get("error") or ""))
    code = str(item.get("code") or "")
    return ListedAddress(
        address=str(item.get("address") or ""),
        since=_instant(str(item.get("created_at") or "")),
        enhanced_code=found[0] if found else None,
        code=int(code) if code.isascii() and code.isdigit() else None,
    )


def _instant(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
