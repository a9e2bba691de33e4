"""Mailgun's account over HTTP: its domains, webhooks and routes.

Plain requests instead of the SDK, whose routing of these paths by version is incomplete. Each request has its own
connection, so that several threads may ask at once.
Source: Mailgun's OpenAPI (mailgun/mailgun-mcp-server, 2026-07).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests

from service.config import LOOPBACK
from service.mail.outbound.mailer import ProviderUnreachable
from service.mail.outbound.provider_account import (
    TRACKED,
    AccessRefused,
    AccountChange,
    ChangeRefused,
    DnsRecord,
    NotAtProvider,
    ProviderDomain,
    ProviderRoute,
    QueueState,
)

TIMEOUT: Final = (2.0, 4.0)  # to connect, to read: a person waits for the answer
ROUTES_PER_PAGE: Final = 1000
MOST_PAGES: Final = 20
_NOT_ALLOWED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class MailgunAccount:
    """The ProviderAccount of one key, at Mailgun or at the local post office."""

    def __init__(self, *, api_key: str, api_url: str, timeout: tuple[float, float] = TIMEOUT) -> None:
        self._auth = ("api", api_key)
        self._api_url = api_url
        self._timeout = timeout
        self._is_local = urlsplit(api_url).hostname in LOOPBACK

    def domain(self, name: str, *, verify: bool = False) -> ProviderDomain:
        """Return a domain; see `ProviderAccount.domain`."""
        path = f"/v4/domains/{_quoted(name)}"
        page, at = self._ask("PUT" if verify else "GET", f"{path}/verify" if verify else path)
        found = _mapping(page.get("domain"))
        return ProviderDomain(
            name=str(found.get("name") or name),
            state=str(found.get("state") or ""),
            kind=str(found.get("type") or ""),
            is_disabled=bool(found.get("is_disabled")),
            spam_action=str(found.get("spam_action") or ""),
            sending=_records(page.get("sending_dns_records"), name),
            receiving=_records(page.get("receiving_dns_records"), name),
            at=at,
        )

    def tracking(self, domain: str) -> frozenset[str]:
        """Return what is tracked; see `ProviderAccount.tracking`."""
        page, _ = self._ask("GET", f"/v3/domains/{_quoted(domain)}/tracking")
        settings = _mapping(page.get("tracking"))
        return frozenset(what for what in TRACKED if _mapping(settings.get(what)).get("active") not in {False, "no"})

    def webhooks(self, domain: str) -> Mapping[str, Sequence[str]]:
        """Return the webhooks; see `ProviderAccount.webhooks`."""
        page, _ = self._ask("GET", f"/v3/domains/{_quoted(domain)}/webhooks")
        listed = _mapping(page.get("webhooks"))
        return {name: urls for name, webhook in listed.items() if (urls := _urls(webhook))}

    def route_for(self, address: str) -> ProviderRoute | None:
        """Return the route of an address; see `ProviderAccount.route_for`."""
        try:
            page, _ = self._ask("GET", "/v3/routes/match", query={"address": address})
        except NotAtProvider:
            return None
        return _route(page.get("route"))

    def routes(self) -> Sequence[ProviderRoute]:
        """Return every route; see `ProviderAccount.routes`."""
        found: list[ProviderRoute] = []
        for _ in range(MOST_PAGES):
            query = {"limit": str(ROUTES_PER_PAGE), "skip": str(len(found))}
            items = self._ask("GET", "/v3/routes", query=query)[0].get("items")
            if not isinstance(items, list) or not items:
                break
            found += [_route(item) for item in items]
        return found

    def queue(self, domain: str) -> QueueState:
        """Return the state of the queue; see `ProviderAccount.queue`."""
        page, _ = self._ask("GET", f"/v3/domains/{_quoted(domain)}/sending_queues")
        regular = _mapping(page.get("regular"))
        why = _mapping(regular.get("disabled"))
        return QueueState(bool(regular.get("is_disabled")), str(why.get("until") or ""), str(why.get("reason") or ""))

    def apply(self, change: AccountChange) -> None:
        """Make a change; see `ProviderAccount.apply`."""
        answer = self._request(change.method, change.path, form=change.form)
        if answer.status_code in _NOT_ALLOWED:
            raise AccessRefused
        page = _json(answer)
        if answer.status_code != HTTPStatus.OK or page is None:
            raise ChangeRefused(str((page or {}).get("message") or f"status {answer.status_code}"))

    def _ask(
        self, method: str, path: str, query: Mapping[str, str] | None = None
    ) -> tuple[Mapping[str, Any], datetime | None]:
        answer = self._request(method, path, query=query)
        if answer.status_code in _NOT_ALLOWED:
            raise AccessRefused
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NotAtProvider
        page = _json(answer)
        # A wrong API URL answers every path with 200 and a text.
        if answer.status_code != HTTPStatus.OK or page is None:
            raise ProviderUnreachable(f"The provider answered {answer.status_code}.")
        return page, _instant(answer.headers.get("Date", ""))

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        form: Sequence[tuple[str, str]] | None = None,
    ) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = not self._is_local  # a proxy would look for the local post office elsewhere
            try:
                return session.request(
                    method,
                    self._api_url + path,
                    params=query,
                    data=None if form is None else [*form],
                    auth=self._auth,
                    timeout=self._timeout,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise ProviderUnreachable(f"The provider could not be asked: {type(error).__name__}.") from None


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _json(answer: requests.Response) -> Mapping[str, Any] | None:
    try:
        found = answer.json()
    except requests.JSONDecodeError:
        return None
    return found if isinstance(found, Mapping) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _records(listed: object, domain: str) -> list[DnsRecord]:
    """Return the records; one without a name, as the older answers have for MX, is of the domain itself."""
    items = [_mapping(item) for item in listed] if isinstance(listed, list) else []
    return [
        DnsRecord(
            record_type=str(item.get("record_type") or ""),
            name=str(item.get("name") or domain),
            value=str(item.get("value") or ""),
            priority=str(item.get("priority") or ""),
            is_seen=item.get("valid") == "valid" and item.get("is_active") is not False,
        )
        for item in items
    ]


def _route(item: object) -> ProviderRoute:
    found = _mapping(item)
    actions = found.get("actions")
    return ProviderRoute(
        id=str(found.get("id") or ""),
        expression=str(found.get("expression") or ""),
        actions=[str(action) for action in actions] if isinstance(actions, list) else [],
        priority=int(found.get("priority") or 0),
        description=str(found.get("description") or ""),
    )


def _urls(webhook: object) -> list[str]:
    """Return the URLs of a webhook, in the newer form (a list) or the older one (a single URL)."""
    found = _mapping(webhook)
    urls = found.get("urls")
    listed = urls if isinstance(urls, list) else [found.get("url")]
    return [str(url) for url in listed if url]


def _instant(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
