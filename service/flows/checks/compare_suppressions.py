"""Comparing the provider's suppression lists with ours, to find the subscribers whom only the provider bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from service.core.addresses import Address, AddressError
from service.db import Database
from service.flows.checks.doctor import read_together
from service.flows.checks.finding import Finding, Reading, ok, warn
from service.mail.outbound.mailer import ListedAddress, ProviderMisconfigured, ProviderUnreachable, SuppressionLists
from service.mail.outbound.provider_account import AccessRefused
from service.mail.provider_events import BOUNCES, COMPLAINTS, UNSUBSCRIBES
from service.models import Keyring, Subscriber, SubscriberStatus, Suppression

PAGE: Final = 1000
PAGE_SECONDS: Final = 5.0  # less than the checks have, which run meanwhile
NAMED: Final = 20
HASH_DIGITS: Final = 16
_GET_NOTHING: Final = frozenset({SubscriberStatus.PENDING, SubscriberStatus.STOPPED})


@dataclass(frozen=True, slots=True)
class _Compared:
    """How many addresses a list has, and the keyed hashes of those whom only it bars."""

    listed: int
    barred: list[bytes]


def compare_suppressions(
    database: Database, keyring: Keyring, lists: SuppressionLists, seconds: float = PAGE_SECONDS
) -> list[Finding]:
    """Return a finding of each of the provider's lists, with the keyed hashes of those whom only it bars.

    These are subscribers to whom we would send, and whose emails the provider accepts and drops. A provider that does
    not send the next part of a list within `seconds` is not asked for the lists after it.
    """
    readings: dict[str, Reading[_Compared]] = {}
    silence: Exception | None = None
    for name in (BOUNCES, COMPLAINTS, UNSUBSCRIBES):
        found: Reading[_Compared] = Reading(error=silence)
        if silence is None:
            found = _compare(database, keyring, lists, name, seconds)
        readings[name] = found
        silence = found.error if isinstance(found.error, ProviderUnreachable | TimeoutError) else None
    return [reading.judge(name, partial(_finding, name)) for name, reading in readings.items()]


def _compare(
    database: Database, keyring: Keyring, lists: SuppressionLists, name: str, seconds: float
) -> Reading[_Compared]:
    listed, barred, after = 0, list[bytes](), None
    while True:
        reading = read_together({name: partial(_read_page, lists, name, after)}, seconds)[name]
        if reading.error is not None:
            return reading
        page: Sequence[ListedAddress] = reading.value or ()
        listed += len(page)
        barred += _only_theirs(database, keyring, page)
        if len(page) < PAGE:
            return Reading(_Compared(listed, barred))
        after = page[-1].address


def _read_page(lists: SuppressionLists, name: str, after: str | None) -> Sequence[ListedAddress]:
    try:
        return lists.read_suppressions(name, after, PAGE)
    except ProviderMisconfigured:
        raise AccessRefused from None


def _finding(name: str, found: _Compared) -> Finding:
    barred = found.barred
    if not barred:
        return ok(name, f"Mailgun lists {found.listed}, and bars nobody whom we would write to.")
    names = ", ".join(address_hash.hex()[:HASH_DIGITS] for address_hash in barred[:NAMED])
    more = f" and {len(barred) - NAMED} more" if len(barred) > NAMED else ""
    return warn(
        name,
        f"Mailgun lists {found.listed}, and only it bars {len(barred)} (keyed hashes): {names}{more}.",
        "The clock reads this list once a day. If they still stand here tomorrow, look for suppressions.not_synced in"
        " its log.",
    )


def _only_theirs(database: Database, keyring: Keyring, page: Iterable[ListedAddress]) -> list[bytes]:
    hashes = [keyring.address_hash(address) for entry in page if (address := _parsed(entry.address))]
    with database.read() as session:
        people = Subscriber.with_addresses(session, hashes)
        known = Suppression.among(session, people)
    return [found for found, person in people.items() if found not in known and person.status not in _GET_NOTHING]


def _parsed(text: str) -> Address | None:
    try:
        return Address.parse(text)
    except AddressError:
        return None
