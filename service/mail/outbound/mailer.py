"""The interface for sending: an email as a value, its recipients, and the outcomes of a send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from service.mail.provider_events import ProviderEvent


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    """One composed email.

    Where recipients differ, subject, text, html, reply_to and headers hold the literal
    placeholder `%recipient.NAME%`, and each Recipient brings its variables. `event_variables`
    come back with the provider's events; a recipient can read them in the mail's headers.
    """

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    sender: str
    reply_to: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    event_variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody an email goes to, the delivery it fulfils, and what fills the placeholders.

    Without variables the email is complete as composed, and nothing in it is filled in:
    so a person's own words in a digest are never taken for a placeholder.
    """

    address: str = field(repr=False)
    delivery_id: int
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the email for every recipient; one id for the whole call, without `<>`."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider took nothing and never will: in a batch, one address may spoil it for all."""

    reason: str


@dataclass(frozen=True, slots=True)
class RetryLater:
    """The provider took nothing; it may after `wait`, and no sooner."""

    wait: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether the provider took it: look for evidence before sending again."""

    reason: str


@dataclass(frozen=True, slots=True)
class BatchTooLarge:
    """The provider took nothing because the call was too large; one of `largest` recipients passes, if it said so."""

    reason: str
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class QuotaExceeded:
    """The provider took nothing because its quota has less left: a smaller call may pass, a larger one after `wait`."""

    wait: timedelta
    reason: str


SendOutcome = Accepted | Refused | RetryLater | Unknown | BatchTooLarge | QuotaExceeded


class ProviderMisconfigured(Exception):  # noqa: N818 - a state of theirs, not a slip of ours
    """Key, domain, region or URL is wrong, so nothing was accepted: plan again, and tell the writer."""


class ProviderUnreachable(Exception):  # noqa: N818 - likewise
    """The provider could not be asked just now; nothing was changed: ask again later."""


class Mailer(Protocol):
    """Whoever carries emails."""

    def send(self, email: OutgoingEmail, to: Sequence[Recipient]) -> SendOutcome:
        """Return what became of one email to up to 1,000 recipients.

        Raises:
            ValueError: the email cannot be sent as composed (a placeholder without its
                variable, a line break in a header, a `+` address in a batch, ...); nothing went out.
            ProviderMisconfigured: see there.
        """
        ...


@dataclass(frozen=True, slots=True)
class ListedAddress:
    """An address on one of the provider's lists, since when, and the codes of the bounce that brought it there."""

    address: str = field(repr=False)
    since: datetime | None
    enhanced_code: str | None = None
    code: int | None = None


class SuppressionLists(Protocol):
    """The provider's lists of addresses that it accepts emails for and then drops."""

    def read_suppressions(self, name: str, after: str | None, limit: int) -> list[ListedAddress]:
        """Return up to `limit` addresses of a list, in their order, that follow the address `after`.

        Raises:
            ProviderUnreachable, ProviderMisconfigured: the list could not be read.
        """
        ...

    def add_suppression(self, name: str, address: str) -> None:
        """Put an address on a list; one that stands there already stays.

        Raises:
            ProviderUnreachable, ProviderMisconfigured: nothing is known to have changed.
        """
        ...

    def lift_suppression(self, address: str) -> bool:
        """Make the provider deliver to this address again; return whether one of its lists had barred it.

        Raises:
            ProviderUnreachable, ProviderMisconfigured: nothing is known to have changed.
        """
        ...


class ProviderRecord(Protocol):
    """Whoever can say what the provider took."""

    def find_events(
        self,
        begin: datetime,
        end: datetime,
        *,
        names: Sequence[str] = ("accepted",),
        newest_first: bool = False,
    ) -> Iterator[ProviderEvent]:
        """Yield the events from `begin` to `end`, page by page; an absence says nothing for half an hour.

        Raises:
            ProviderUnreachable, ProviderMisconfigured: the record could not be read (to its end).
        """
        ...


class MailProvider(Mailer, SuppressionLists, ProviderRecord, Protocol):
    """A provider that carries emails, keeps lists of addresses and a record of what it took."""
