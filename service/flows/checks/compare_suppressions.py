"""Comparing the provider's suppression lists with ours, to find the subscribers whom only the provider bars."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from service.core.addresses import Address, AddressError
from service.db import Database
from service.flows.checks.finding import Finding, cannot_see, ok, warn
from service.mail.outbound.mailer import ListedAddress, ProviderMisconfigured, ProviderUnreachable, SuppressionLists
from service.mail.outbound.provider_account import AccessRefused
from service.mail.provider_events import BOUNCES, COMPLAINTS, UNSUBSCRIBES
from service.models import Keyring, Subscriber, SubscriberStatus, Suppression

PAGE: Final = 1000
NAMED: Final = 20
HASH_DIGITS: Final = 16
_GET_NOTHING: Final = frozenset({SubscriberStatus.PENDING, SubscriberStatus.STOPPED})


def compare_suppressions(database: Database, keyring: Keyring, lists: SuppressionLists) -> list[Finding]:
    """Return a finding of each of the provider's lists, with the keyed hashes of those whom only it bars.

    These are subscribers to whom we would send, and whose emails the provider accepts and drops.
    """
    return [_compare(database, keyring, lists, name) for name in (BOUNCES, COMPLAINTS, UNSUBSCRIBES)]


def _compare(database: Database, keyring: Keyring, lists: SuppressionLists, name: str) -> Finding:
    listed, barred, after = 0, list[bytes](), None
    try:
        while page := lists.read_suppressions(name, after, PAGE):
            listed += len(page)
            barred += _only_theirs(database, keyring, page)
            if len(page) < PAGE:
                break
            after = page[-1].address
    except ProviderMisconfigured:
        return cannot_see(name, AccessRefused())
    except ProviderUnreachable as error:
        return cannot_see(name, error)
    if not barred:
        return ok(name, f"Mailgun lists {listed}, and bars nobody whom we would write to.")
    names = ", ".join(address_hash.hex()[:HASH_DIGITS] for address_hash in barred[:NAMED])
    more = f" and {len(barred) - NAMED} more" if len(barred) > NAMED else ""
    return warn(
        name,
        f"Mailgun lists {listed}, and only it bars {len(barred)} (keyed hashes): {names}{more}.",
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
