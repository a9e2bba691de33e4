"""What the provider's account says about our domains, webhooks and routes: values, and the protocol that reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

TRACKED = ("open", "click", "unsubscribe")
OUR_WEBHOOKS = ("delivered", "permanent_fail", "temporary_fail", "complained", "unsubscribed")


class AccessRefused(Exception):  # noqa: N818 - a state of the provider, not an error in our code
    """The provider refuses this key here: it may only send, or it is wrong, or of another region."""


class NotAtProvider(Exception):  # noqa: N818 - likewise
    """The provider has no such domain, webhook or route."""


class ChangeRefused(Exception):  # noqa: N818 - likewise
    """The provider refused a change, or answered something else; the message is its own, or its status."""


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """A DNS record that the provider asks for."""

    record_type: str
    name: str
    value: str
    priority: str
    is_seen: bool

    @property
    def is_dkim(self) -> bool:
        """Return whether it holds a DKIM key, or the alias of one."""
        return "._domainkey." in self.name

    @property
    def is_spf(self) -> bool:
        """Return whether it is an SPF policy."""
        return self.record_type == "TXT" and self.value.lower().startswith("v=spf1")


@dataclass(frozen=True, slots=True)
class ProviderDomain:
    """A domain at the provider; `at` is the provider's time of the answer, if it named one."""

    name: str
    state: str
    kind: str
    is_disabled: bool
    spam_action: str
    sending: Sequence[DnsRecord]
    receiving: Sequence[DnsRecord]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProviderRoute:
    """A route; the actions are in the provider's own notation."""

    id: str
    expression: str
    actions: Sequence[str]
    priority: int
    description: str


@dataclass(frozen=True, slots=True)
class QueueState:
    """Whether the provider has stopped a domain's sending, until when, and why."""

    is_disabled: bool
    until: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AccountChange:
    """A change to the account: what it does, in words, and the request that does it."""

    words: str
    method: str = field(repr=False)
    path: str = field(repr=False)
    form: Sequence[tuple[str, str]] = field(repr=False)


class ProviderAccount(Protocol):
    """Reads and changes the account; each method raises AccessRefused, NotAtProvider or ProviderUnreachable."""

    def domain(self, name: str, *, verify: bool = False) -> ProviderDomain:
        """Return a domain; with `verify` the provider looks at its DNS records again first."""
        ...

    def tracking(self, domain: str) -> frozenset[str]:
        """Return what is tracked at a domain, of TRACKED."""
        ...

    def webhooks(self, domain: str) -> Mapping[str, Sequence[str]]:
        """Return the URLs of each webhook of a domain that has any, by name."""
        ...

    def route_for(self, address: str) -> ProviderRoute | None:
        """Return the first route that acts for an address, or None."""
        ...

    def routes(self) -> Sequence[ProviderRoute]:
        """Return every route of the account."""
        ...

    def queue(self, domain: str) -> QueueState:
        """Return whether the provider sends for a domain."""
        ...

    def apply(self, change: AccountChange) -> None:
        """Make a change.

        Raises:
            ChangeRefused: the provider did not make it.
        """
        ...
