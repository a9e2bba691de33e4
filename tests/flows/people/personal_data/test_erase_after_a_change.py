"""Erasing waits until no former address can take a change of address back, and tells each that can."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.core.addresses import Address
from service.flows.people.addresses import change_address
from service.flows.people.personal_data import erase
from service.models import Erasure, Passkey, Subscriber
from tests.flows.people.addresses.test_change_address import NEW, OLD, THIRD, Mover
from tests.harness.people.people import DAY, MINUTE
from tests.harness.sending import open_sending_harness

EVERYTHING, GOODBYE = "Somebody asked us to erase everything", "Goodbye, and the way back"


@pytest.fixture
def mover(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Mover]:
    file = tmp_path / "smallsteps.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    with open_sending_harness(f"sqlite:///{file}", tmp_path) as sending:
        (ana,) = sending.members(OLD)
        yield Mover(sending, ana.id)


def ask_to_erase(mover: Mover) -> timedelta:
    """Ask, and send what is said about it; return how long erasing waits."""
    now = mover.sending.clock()
    with mover.sending.runtime.database.write() as session:
        planned = erase.ask(session, session.get_one(Subscriber, mover.id), now)
    mover.sending.send(planned)
    with mover.sending.runtime.database.read() as session:
        erasure = Erasure.of_subscriber(session, mover.id)
        assert erasure is not None
        return erasure.due_at - now


def test_a_thief_who_moves_the_address_and_erases_leaves_the_owner_three_days(mover: Mover) -> None:
    change_id = mover.move()
    told = len(mover.said())
    mover.sending.clock.move(MINUTE)
    assert ask_to_erase(mover) == 3 * DAY - MINUTE
    assert sorted(mover.said()[told:]) == sorted([(NEW, GOODBYE), (OLD, EVERYTHING)])
    warning = next(mail for mail in mover.sending.mails() if mail.subject == EVERYTHING)
    assert NEW not in warning.text + warning.html
    assert "/act/" in warning.text
    mover.sending.clock.move(2 * DAY)
    mover.take_back(change_id)
    with mover.sending.runtime.database.read() as session:
        assert Erasure.of_subscriber(session, mover.id) is None
    assert mover.address() == OLD


def test_every_former_address_that_can_take_a_change_back_is_told_once(mover: Mover) -> None:
    mover.move()
    mover.sending.clock.move(DAY)
    mover.move(THIRD)
    told = len(mover.said())
    assert ask_to_erase(mover) == 3 * DAY
    assert sorted(mover.said()[told:]) == sorted([(THIRD, GOODBYE), (OLD, EVERYTHING), (NEW, EVERYTHING)])


def test_once_the_change_can_stay_erasing_takes_a_day_and_tells_nobody_else(mover: Mover) -> None:
    mover.move()
    mover.sending.clock.move(3 * DAY)
    told = len(mover.said())
    assert ask_to_erase(mover) == DAY
    assert mover.said()[told:] == [(NEW, GOODBYE)]


def test_a_change_that_is_taken_back_removes_the_passkeys_that_were_added_since(mover: Mover) -> None:
    runtime = mover.sending.runtime

    def add(name: bytes) -> None:
        sealed = {"sealed_credential_id": name, "sealed_public_key": name, "sealed_name": name, "sign_count": 0}
        with runtime.database.write() as session:
            session.add(
                Passkey(subscriber_id=mover.id, credential_hash=name * 32, created_at=mover.sending.clock(), **sealed)
            )

    add(b"o")
    mover.sending.clock.move(MINUTE)
    change_id = mover.move()
    add(b"t")
    mover.take_back(change_id)
    with runtime.database.read() as session:
        assert [row.sealed_name for row in Passkey.of_subscriber(session, mover.id)] == [b"o"]


def test_the_operator_is_told_to_wait(mover: Mover) -> None:
    runtime = mover.sending.runtime
    mover.move()
    with runtime.database.read() as session:
        found = erase.find(session, runtime.keyring, Address.parse(NEW), mover.sending.clock())
        person = session.get_one(Subscriber, mover.id)
        until = change_address.back_until(person, mover.sending.clock())
    assert found is not None
    assert found.moved_until == until
