"""The interface for sending: an email as a value, its recipients, and the outcomes of a send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from service.mail.provider_events import ProviderEvent


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A picture inside an email; its HTML shows it by `cid:` and this name."""

    name: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    """One composed email.

    Where recipients differ, subject, text, html, reply_to and headers have the literal
    placeholder `%recipient.NAME%`, and each Recipient has the variables. `event_variables`
    are returned with the provider's events; a recipient can read them in the mail's headers.
    """

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    sender: str
    reply_to: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    event_variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    pictures: tuple[InlinePicture, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipient:
    """A recipient of an email, its delivery, and the values of the placeholders.

    Without variables nothing in the email is filled in, so that a person's own words in a
    digest are never taken for a placeholder.
    """

    address: str = field(repr=False)
    delivery_id: int
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider accepted the email for every recipient; one id for the whole request, without `<>`."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider accepted nothing and never will; in a batch, one bad address may be the reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class RetryLater:
    """The provider accepted nothing; try again after `wait`, not earlier."""

    wait: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It is unknown whether the provider accepted the email: look for evidence before sending it again."""

    reason: str


@dataclass(frozen=True, slots=True)
class BatchTooLarge:
    """The provider accepted nothing because the request was too large; `largest` is its limit, if it said so."""

    reason: str
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class QuotaExceeded:
    """The provider accepted nothing because it exceeds the quota: send fewer now, or all of it after `wait`."""

    wait: timedelta
    reason: str


SendOutcome = Accepted | Refused | RetryLater | Unknown | BatchTooLarge | QuotaExceeded


class ProviderMisconfigured(Exception):  # noqa: N818 - a state of the provider, not an error in our code
    """The key, domain, region or URL is wrong, so nothing was accepted: plan again, and tell the operator."""


class ProviderUnreachable(Exception):  # noqa: N818 - likewise
    """The provider could not be reached, and nothing was changed: try again later."""


class Mailer(Protocol):
    """Sends emails."""

    def send(self, email: OutgoingEmail, to: Sequence[Recipient]) -> SendOutcome:
        """Send one email to up to 1,000 recipients and return the outcome.

        Raises:
            ValueError: the email cannot be sent as composed (a placeholder without its
                variable, a line break in a header, a `+` address in a batch, ...); nothing went out.
            ProviderMisconfigured: nothing was accepted.
        """
        ...


@dataclass(frozen=True, slots=True)
class ListedAddress:
    """An address on one of the provider's lists, since when, and the codes of the bounce that put it there."""

    address: str = field(repr=False)
    since: datetime | None
    enhanced_code: str | None = None
    code: int | None = None


class SuppressionLists(Protocol):
    """The provider's lists of addresses for which it accepts emails and then drops them."""

    def read_suppressions(self, name: str, after: str | None, limit: int) -> list[ListedAddress]:
        """Return up to `limit` addresses of a list, in order, that follow the address `after`.

        Raises:
            ProviderUnreachable, ProviderMisconfigured: the list could not be read.
        """
        ...

    def add_suppression(self, name: str, address: str) -> None:
        """Add an address to a list; nothing changes if it is there already.

        Raises:
            ProviderUnreachable, ProviderMisconfigured: nothing is known to have changed.
        """
        ...

    def lift_suppression(self, address: str) -> bool:
        """Make the provider deliver to this address again; return whether it was on one of the lists.

        Raises:
            ProviderUnreachable, ProviderMisconfigured: nothing is known to have changed.
        """
        ...


class ProviderRecord(Protocol):
    """The provider's record of what happened to emails."""

    def find_events(
        self,
        begin: datetime,
        end: datetime,
        *,
        names: Sequence[str] = ("accepted",),
        newest_first: bool = False,
    ) -> Iterator[ProviderEvent]:
        """Yield the events from `begin` to `end`, page by page; an absence proves nothing for half an hour.

        Raises:
            ProviderUnreachable, ProviderMisconfigured: the record could not be read (to its end).
        """
        ...


class MailProvider(Mailer, SuppressionLists, ProviderRecord, Protocol):
    """A provider that sends emails, keeps suppression lists and keeps a record of events."""
