"""Addresses that were stored as typed are found by the ASCII form of their domain."""

from __future__ import annotations

from service.core.addresses import Address
from service.db import Database
from service.flows.people.addresses.ascii_domains import store_ascii_domains
from service.models import Keyring, Subscriber
from tests.harness.people.members import due_at
from tests.harness.people.people import NOW


def _store_as_typed(database: Database, keyring: Keyring, text: str) -> int:
    """Store a subscriber as earlier releases did, under the address as it was typed."""
    typed = Address(text)
    with database.write() as session:
        subscriber = due_at(session, keyring, NOW, f"{len(text)}@example.com")
        subscriber.address_hash = keyring.address_hash(typed)
        subscriber.sealed_address = keyring.seal_address(keyring.key_of(subscriber), subscriber.id, typed)
        return subscriber.id


def _find(database: Database, keyring: Keyring, typed: str) -> Subscriber | None:
    with database.read() as session:
        return Subscriber.with_address(session, keyring.address_hash(Address.parse(typed)))


def test_an_address_is_found_by_any_spelling_of_its_domain(database: Database, keyring: Keyring) -> None:
    id_ = _store_as_typed(database, keyring, "ana@bücher.example")
    assert _find(database, keyring, "ana@bücher.example") is None
    assert store_ascii_domains(database, keyring, NOW) == 1
    found = _find(database, keyring, "ana@bücher.example")
    assert found is not None
    assert (found.id, keyring.address_of(found).text) == (id_, "ana@xn--bcher-kva.example")
    assert store_ascii_domains(database, keyring, NOW) == 0


def test_of_two_spellings_the_ascii_one_is_found(database: Database, keyring: Keyring) -> None:
    first = _store_as_typed(database, keyring, "ana@target.example")
    _store_as_typed(database, keyring, "ana@target\u3002example")
    assert store_ascii_domains(database, keyring, NOW) == 0
    found = _find(database, keyring, "ana@target\u3002example")
    assert found is not None
    assert found.id == first
