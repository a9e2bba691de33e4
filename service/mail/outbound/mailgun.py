"""The gateway to Mailgun; the only module that knows its SDK.

The SDK is used for routes, TLS and one connection pool only. Its other parts have faults: its
retries repeat a POST whose response was lost, its event stream reads page one for ever, and its
webhook check refuses the provider's own retries (mailgun 1.10.0, measured).
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from mailgun.client import Client
from mailgun.config import RetryPolicy
from mailgun.endpoints import Endpoint
from mailgun.handlers.error_handler import ApiError

from service.clock import Clock, utc_now
from service.mail.outbound.listed_addresses import listed_addresses
from service.mail.outbound.mailer import ListedAddress, OutgoingEmail, ProviderUnreachable, Recipient, SendOutcome
from service.mail.outbound.mailgun_form import message_form, picture_files
from service.mail.outbound.mailgun_responses import misconfigured, read_answer, read_failure
from service.mail.provider_events import MalformedEventError, ProviderEvent, read_event

CONNECT_SECONDS = 5.0
READ_SECONDS = 8.0
EVENTS_PER_PAGE = 300
_MAX_EVENT_PAGES = 1_000
_OK = 200
_NOT_FOUND = 404
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_NO_PROXY: Mapping[str, None] = {"http": None, "https": None}
_SUPPRESSIONS = {
    "bounces": "bounce_address",
    "complaints": "complaint_address",
    "unsubscribes": "unsubscribe_address",
}


def _silence_the_sdk() -> None:
    # When a connection breaks, the SDK logs the whole request as critical, with addresses and words.
    # It and urllib3 also log URLs, and the URL of a suppression ends in the address. Our outcomes
    # name the error, so both loggers are disabled at every level.
    for name in ("mailgun", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        logging.getLogger(name).propagate = False


_silence_the_sdk()


class MailgunGateway:
    """A Mailer that hands emails to Mailgun, or to the local post office, over HTTP.

    Each process creates its SDK client at first use, so that a forked worker never shares its
    parent's connections. Close the gateway, or use it in a `with`.
    """

    def __init__(
        self,
        *,
        api_key: str,
        domain: str,
        api_url: str,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        now: Clock = utc_now,
    ) -> None:
        self._api_key = api_key
        self._domain = domain
        self._api_url = api_url
        self._timeout = (connect_seconds, read_seconds)
        self._now = now
        self._owned: tuple[int, Client] | None = None
        # An HTTP_PROXY in the environment would send local mail to another machine.
        is_local = urlsplit(api_url).hostname in _LOOPBACK
        self._transport: dict[str, Any] = {"proxies": _NO_PROXY} if is_local else {}

    def __enter__(self) -> MailgunGateway:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._owned:
            self._owned[1].close()
            self._owned = None

    def send(self, email: OutgoingEmail, to: Sequence[Recipient]) -> SendOutcome:
        """Send an email and return the outcome; see `Mailer.send`."""
        form, files = message_form(email, to), picture_files(email)
        # Without files the form goes urlencoded, which is smaller.
        parts = {"files": files} if files else {}
        try:
            answer = self._client().messages.create(data=form, domain=self._domain, **parts, **self._transport)
        except ApiError as error:
            return read_failure(error.__cause__)
        return read_answer(
            status=answer.status_code,
            body=answer.content,
            headers=answer.headers,
            recipients=len(to),
            now=self._now(),
        )

    def lift_suppression(self, address: str) -> bool:
        """Make the provider deliver to this address again; return whether it was on one of the lists.

        Raises:
            ProviderUnreachable, ProviderMisconfigured: nothing is known to have changed.
        """
        client = self._client()
        lifted = [self._lift(getattr(client, table), {name: address}) for table, name in _SUPPRESSIONS.items()]
        return any(lifted)

    def read_suppressions(self, name: str, after: str | None, limit: int) -> list[ListedAddress]:
        """Return addresses of a suppression list; see `SuppressionLists.read_suppressions`."""
        filters = {"limit": str(limit)}
        if after is not None:
            filters |= {"page": "next", "address": after}
        return listed_addresses(self._read(getattr(self._client(), name), filters=filters))

    def add_suppression(self, name: str, address: str) -> None:
        """Put an address on a suppression list; see `SuppressionLists.add_suppression`."""
        try:
            table = getattr(self._client(), name)
            answer = table.create(data={"address": address}, domain=self._domain, **self._transport)
        except ApiError as error:
            raise _unreachable(error) from None
        self._checked(answer)

    def find_events(
        self,
        begin: datetime,
        end: datetime,
        *,
        names: Sequence[str] = ("accepted",),
        recipient: str | None = None,
        message_id: str | None = None,
        newest_first: bool = False,
        page_size: int = EVENTS_PER_PAGE,
    ) -> Iterator[ProviderEvent]:
        """Yield the provider's record of what happened from `begin` to `end`, oldest first or newest first.

        Pages are fetched when needed, by the token in each page's `next` address. The record lags:
        an absence proves nothing until half an hour has passed (Mailgun, Events).

        Raises:
            ProviderUnreachable, ProviderMisconfigured: the record could not be read (to its end).
        """
        bounds = (str(math.floor(begin.timestamp())), str(math.ceil(end.timestamp())))
        # A range whose begin is later than its end is returned newest first (Mailgun, Events).
        first, last = reversed(bounds) if newest_first else bounds
        filters = {
            "begin": first,
            "end": last,
            "ascending": "no" if newest_first else "yes",
            "limit": str(page_size),
            "event": " OR ".join(names),
        }
        optional = {"recipient": recipient, "message-id": message_id}
        filters |= {name: value for name, value in optional.items() if value is not None}
        page = self._read(self._client().events, filters=filters)
        with requests.Session() as session:
            for _ in range(_MAX_EVENT_PAGES):
                items = page.get("items")
                if not items:
                    return
                yield from _events(items)
                page = self._read(self._next_page(page, session))
        raise ProviderUnreachable("The provider's record of events does not end.")

    def _lift(self, table: Endpoint, address: Mapping[str, str]) -> bool:
        try:
            answer = table.delete(domain=self._domain, **address, **self._transport)
        except ValueError:
            # The SDK refuses some legal addresses (a `/` in the local part).
            return False
        except ApiError as error:
            raise _unreachable(error) from None
        if answer.status_code == _NOT_FOUND and b"domain not found" not in answer.content.lower():
            return False
        return "message" in self._checked(answer)

    def _next_page(self, page: Mapping[str, Any], session: requests.Session) -> Endpoint:
        """Return the endpoint of the next page: the token is the last part of its path."""
        paging = page.get("paging")
        url = paging.get("next") if isinstance(paging, Mapping) else None
        token = urlsplit(str(url or "")).path.rstrip("/").rpartition("/")[2]
        if not token:
            raise ProviderUnreachable("The provider's record of events has no next page.")
        client = self._client()
        route, headers = client.config["events"]
        route["keys"] = [*route["keys"], token]
        endpoint = Endpoint(url=route, headers=headers, auth=client.auth, session=session, timeout=self._timeout)
        endpoint.retry_policy = client.config.retry_policy
        return endpoint

    def _read(self, endpoint: Endpoint, filters: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        try:
            answer = endpoint.get(domain=self._domain, filters=filters, **self._transport)
        except ApiError as error:
            raise _unreachable(error) from None
        return self._checked(answer)

    @staticmethod
    def _checked(answer: requests.Response) -> Mapping[str, Any]:
        problem = misconfigured(answer.status_code, answer.content)
        if problem:
            raise problem
        if answer.status_code != _OK:
            raise ProviderUnreachable(f"The provider answered {answer.status_code}.")
        try:
            found = answer.json()
        except requests.JSONDecodeError:
            found = None
        if not isinstance(found, Mapping):
            raise ProviderUnreachable("The provider's answer is not a JSON object.")
        return found

    def _client(self) -> Client:
        if self._owned and self._owned[0] != os.getpid():
            # After a fork this closes this process's copies of the sockets; the parent's stay open.
            self.close()
        if not self._owned:
            client = Client(
                auth=("api", self._api_key),
                api_url=self._api_url,
                timeout=self._timeout,
                retry_policy=RetryPolicy(max_retries=0),
            )
            self._owned = (os.getpid(), client)
        return self._owned[1]


def _events(items: object) -> Iterator[ProviderEvent]:
    try:
        for item in items if isinstance(items, list) else ():
            yield read_event(item)
    except (MalformedEventError, AttributeError):
        raise ProviderUnreachable("The provider's record of events cannot be read.") from None


def _unreachable(error: ApiError) -> ProviderUnreachable:
    return ProviderUnreachable(f"The provider could not be asked: {read_failure(error.__cause__).reason}.")
