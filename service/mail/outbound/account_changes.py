"""The changes that `smallsteps setup mailgun` makes to the account, as requests to Mailgun's API.

Source: Mailgun's OpenAPI (mailgun/mailgun-mcp-server, 2026-07).
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from service.mail.outbound.provider_account import AccountChange


def write_spam_headers(domain: str) -> AccountChange:
    """Return the change that sets a domain's spam filter to *tag*."""
    words = f"Write the SPF and DKIM results into mail to {domain} (spam filter: tag)."
    return AccountChange(words, "PUT", f"/v4/domains/{quote(domain, safe='')}", [("spam_action", "tag")])


def stop_tracking(domain: str, what: str) -> AccountChange:
    """Return the change that switches one sort of tracking off ("open", "click" or "unsubscribe")."""
    path = f"/v3/domains/{quote(domain, safe='')}/tracking/{what}"
    return AccountChange(f"Switch {what} tracking off.", "PUT", path, [("active", "false")])


def set_webhook(domain: str, name: str, urls: Sequence[str], *, exists: bool) -> AccountChange:
    """Return the change that posts an event to these URLs, three at most; `exists` says that it has some already."""
    path, form = f"/v3/domains/{quote(domain, safe='')}/webhooks", [("url", url) for url in urls]
    words = f"Post the event {name} to {' and '.join(urls)}."
    if exists:
        return AccountChange(words, "PUT", f"{path}/{name}", form)
    return AccountChange(words, "POST", path, [("id", name), *form])


def set_route(route_id: str | None, *, expression: str, target: str, description: str) -> AccountChange:
    """Return the change that makes a route, or mends the one with this id; it forwards to a URL and stops there."""
    form = [
        ("priority", "0"),
        ("description", description),
        ("expression", expression),
        ("action", f'forward("{target}")'),
        ("action", "stop()"),
    ]
    words = f"{'Mend' if route_id else 'Make'} the route {expression}, which forwards to {target}."
    if route_id:
        return AccountChange(words, "PUT", f"/v3/routes/{quote(route_id, safe='')}", form)
    return AccountChange(words, "POST", "/v3/routes", form)
