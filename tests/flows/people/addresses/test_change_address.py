"""A change of address takes effect on its confirmation, can be taken back for three days, and escapes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.core.addresses import Address
from service.core.settings.consent import ConsentEvent, Stream
from service.flows.incoming.events import failures
from service.flows.incoming.events.failures import record_complaint
from service.flows.outgoing.settling.evidence import weigh
from service.flows.people.addresses import aliases, change_address
from service.flows.people.addresses.aliases import AliasStanding
from service.flows.people.addresses.change_address import AddressChangeResult, ChangeStanding
from service.flows.people.personal_data import erase
from service.flows.people.settings.consent import confirm_letters, withdraw_letters
from service.flows.people.subscription import account, signup
from service.mail.provider_events import ProviderEvent
from service.models import (
    AddressChange,
    Alias,
    BrowserSession,
    Consent,
    Delivery,
    Erasure,
    Installation,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from tests.harness.people.people import DAY, HERE, MINUTE, form
from tests.harness.sending import SendingHarness, open_sending_harness

OLD, NEW, THIRD = "ana@example.com", "ana@new.example", "ana@third.example"
THIS_BROWSER, OTHER_BROWSER = b"t" * 32, b"o" * 32
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Mover:
    """Ana, who changes her address."""

    sending: SendingHarness
    id: int

    def hash_of(self, address: str) -> bytes:
        return self.sending.runtime.keyring.address_hash(Address.parse(address))

    def ask(self, address: str = NEW) -> AddressChangeResult:
        runtime = self.sending.runtime
        with runtime.database.write() as session:
            person = session.get_one(Subscriber, self.id)
            return change_address.ask(session, runtime.keyring, person, Address.parse(address), self.sending.clock())

    def confirm(self, delivery_id: int) -> AddressChangeResult:
        runtime, now = self.sending.runtime, self.sending.clock()
        with runtime.database.write() as session:
            person = Subscriber.locked(session, self.id)
            assert person is not None
            return change_address.confirm(
                session, runtime.keyring, person, delivery_id, this_browser=THIS_BROWSER, now=now
            )

    def move(self, address: str = NEW) -> int:
        """Change the address; return the id of the change."""
        (delivery_id,) = self.ask(address).delivery_ids
        done = self.confirm(delivery_id)
        assert done.standing is ChangeStanding.DONE
        self.sending.send(done.delivery_ids)
        with self.sending.runtime.database.read() as session:
            return AddressChange.of_subscriber(session, self.id)[-1].id

    def take_back(self, change_id: int) -> ChangeStanding:
        runtime = self.sending.runtime
        with runtime.database.write() as session:
            done = change_address.take_back(session, runtime.keyring, self.id, change_id, self.sending.clock())
        self.sending.send(done.delivery_ids)
        return done.standing

    def address(self) -> str:
        with self.sending.runtime.database.read() as session:
            person = session.get_one(Subscriber, self.id)
            address = self.sending.runtime.keyring.address_of(person).text
            assert person.address_hash == self.hash_of(address)
        return address

    def status(self) -> str:
        with self.sending.runtime.database.read() as session:
            return session.get_one(Subscriber, self.id).status

    def events(self, address: str) -> list[tuple[str, str, str]]:
        with self.sending.runtime.database.read() as session:
            lines = Consent.for_address(session, self.hash_of(address))
        return sorted((line.stream, line.event, line.source) for line in lines)

    def sign_up(self, address: str) -> bool:
        """Sign up with an address; return whether it has a person afterwards."""
        runtime, now = self.sending.runtime, self.sending.clock()
        with runtime.database.write() as session:
            asked = signup.ask(session, runtime.keyring, form=form(Address.parse(address)), asker=HERE, now=now)
            assert isinstance(asked, int)
            signup.process_mail_request(session, runtime.keyring, asked, now)
            return Subscriber.with_address(session, self.hash_of(address)) is not None

    def said(self) -> list[tuple[str, str]]:
        return [(mail.recipient, mail.subject) for mail in self.sending.mails()]


@pytest.fixture
def mover(database_url: str, tmp_path: Path) -> Iterator[Mover]:
    with open_sending_harness(database_url, tmp_path) as sending:
        (ana,) = sending.members(OLD)
        yield Mover(sending, ana.id)


@ON_SQLITE
def test_nothing_changes_before_the_new_address_confirms_and_then_both_are_told(mover: Mover) -> None:
    runtime, now = mover.sending.runtime, mover.sending.clock()
    with runtime.database.write() as session:
        for secret in (THIS_BROWSER, OTHER_BROWSER):
            times = {"created_at": now, "expires_at": now + DAY}
            session.add(BrowserSession(secret_hash=secret, subscriber_id=mover.id, **times))
    asked = mover.ask()
    mover.sending.send(asked.delivery_ids)
    assert mover.said() == [(NEW, "Is this your new address?")]
    assert OLD not in mover.sending.mails()[0].text
    assert mover.address() == OLD
    mover.sending.send(mover.confirm(asked.delivery_ids[0]).delivery_ids)
    assert mover.address() == NEW
    assert {*mover.said()[1:]} == {(OLD, "Your address here has changed"), (NEW, "We write to you here now")}
    with runtime.database.read() as session:
        assert session.scalars(select(BrowserSession.secret_hash)).all() == [THIS_BROWSER]
    assert mover.events(OLD) == [("questions", "stopped", "address_change")]
    assert mover.events(NEW) == [("questions", "confirmed", "address_change")]
    assert mover.confirm(asked.delivery_ids[0]).standing is ChangeStanding.GONE


@ON_SQLITE
def test_the_former_address_takes_it_back_whatever_was_done_since(mover: Mover) -> None:
    """Somebody else has changed the address, changed it again, added an alias, and asked for the journal's end."""
    change_id = mover.move()
    mover.sending.clock.move(MINUTE)
    later_id = mover.move(THIRD)
    runtime, now = mover.sending.runtime, mover.sending.clock()
    with runtime.database.write() as session:
        Alias.add(session, b"a" * 32, mover.id, b"sealed", now)
        erase.ask(session, session.get_one(Subscriber, mover.id), now)
        session.add(
            BrowserSession(secret_hash=THIS_BROWSER, subscriber_id=mover.id, created_at=now, expires_at=now + DAY)
        )
    mover.sending.clock.move(timedelta(hours=12))
    assert mover.take_back(change_id) is ChangeStanding.DONE
    assert mover.address() == OLD
    assert {(OLD, "Your address is back"), (THIRD, "The change was taken back")} <= set(mover.said())
    with runtime.database.read() as session:
        assert Erasure.of_subscriber(session, mover.id) is None
        assert Alias.of_subscriber(session, mover.id) == []
        assert BrowserSession.of_subscriber(session, mover.id, now) == []
    assert mover.events(OLD)[0] == ("questions", "confirmed", "taken_back")
    assert mover.take_back(later_id) is ChangeStanding.GONE
    assert mover.take_back(change_id) is ChangeStanding.GONE
    assert mover.address() == OLD


@ON_SQLITE
def test_after_three_days_it_stays_and_the_former_address_is_free(mover: Mover) -> None:
    change_id = mover.move()
    mover.sending.clock.move(3 * DAY)
    assert mover.take_back(change_id) is ChangeStanding.GONE
    with mover.sending.runtime.database.write() as session:
        AddressChange.prune(session, mover.sending.clock())
    assert mover.sign_up(OLD)
    assert mover.address() == NEW


@ON_SQLITE
def test_nobody_else_gets_the_former_address_for_three_days(mover: Mover) -> None:
    change_id = mover.move()
    runtime = mover.sending.runtime
    (ben,) = mover.sending.members("ben@example.com")
    assert not mover.sign_up(OLD)
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, ben.id)
        claimed = aliases.claim(
            session, runtime.keyring, person, Address.parse(OLD), is_proved=True, now=mover.sending.clock()
        )
    assert claimed.standing is AliasStanding.TAKEN
    moving = Mover(mover.sending, ben.id)
    assert moving.confirm(moving.ask(OLD).delivery_ids[0]).standing is ChangeStanding.TAKEN
    assert mover.take_back(change_id) is ChangeStanding.DONE


@ON_SQLITE
@pytest.mark.parametrize("days", [1, 30], ids=["while it can be taken back", "weeks later"])
def test_a_complaint_about_the_former_address_stops_the_new_one(mover: Mover, days: int) -> None:
    mover.move()
    mover.sending.clock.move(days * DAY)
    runtime, now = mover.sending.runtime, mover.sending.clock()
    with runtime.database.write() as session:
        AddressChange.prune(session, now)
        record_complaint(session, runtime.keyring, Address.parse(OLD), now)
    assert mover.status() == SubscriberStatus.STOPPED
    with runtime.database.write() as session:
        assert Suppression.covers(session, mover.hash_of(OLD))
        assert not account.restart(session, session.get_one(Subscriber, mover.id), now, source="page")


@ON_SQLITE
def test_whoever_has_reported_emails_as_spam_cannot_move_away_from_that(mover: Mover) -> None:
    runtime, now = mover.sending.runtime, mover.sending.clock()
    (delivery_id,) = mover.ask().delivery_ids
    with runtime.database.write() as session:
        record_complaint(session, runtime.keyring, Address.parse(OLD), now)
    assert mover.confirm(delivery_id).standing is ChangeStanding.REPORTED
    assert mover.ask(THIRD).standing is ChangeStanding.REPORTED
    assert mover.address() == OLD


@ON_SQLITE
def test_a_bounced_address_can_be_left_but_not_moved_to(mover: Mover) -> None:
    runtime, now = mover.sending.runtime, mover.sending.clock()
    with runtime.database.write() as session:
        for bounced in (OLD, THIRD):
            Suppression.add(session, mover.hash_of(bounced), SuppressionReason.BOUNCED, now)
    mover.sending.send(mover.ask(THIRD).delivery_ids)
    assert mover.said() == []
    change_id = mover.move()
    assert mover.said() == [(NEW, "We write to you here now")]
    assert change_id


@ON_SQLITE
def test_what_was_stopped_stays_stopped_at_the_new_address(mover: Mover) -> None:
    runtime, now = mover.sending.runtime, mover.sending.clock()
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, mover.id)
        confirm_letters(session, person, now, source="link")
        withdraw_letters(session, person, now + MINUTE, source="link")
    mover.sending.clock.move(2 * MINUTE)
    mover.move()
    with runtime.database.read() as session:
        newest = Consent.newest(session, mover.hash_of(NEW), Stream.LETTERS)
    assert newest is not None
    assert newest.event == ConsentEvent.STOPPED


@ON_SQLITE
def test_an_address_with_a_journal_is_told_and_cannot_be_taken(mover: Mover) -> None:
    mover.sending.members(NEW)
    asked = mover.ask()
    mover.sending.send(asked.delivery_ids)
    assert mover.said() == [(NEW, "Somebody asked about your address")]
    assert mover.confirm(asked.delivery_ids[0]).standing is ChangeStanding.TAKEN


@ON_SQLITE
def test_an_email_sent_before_the_change_still_counts_by_its_event(mover: Mover) -> None:
    """Otherwise one in doubt would be sent again, to the new address."""
    with mover.sending.runtime.database.read() as session:
        person = session.get_one(Subscriber, mover.id)
        installation = Installation.current(session).id
    (sent,) = mover.sending.plan([person])
    mover.sending.send([sent])
    mover.move()
    runtime, now = mover.sending.runtime, mover.sending.clock()
    accepted = ProviderEvent("accepted", "e", now, OLD, None, sent, installation=installation)
    failed = ProviderEvent(
        "failed", "f", now, OLD, None, sent, enhanced_code="5.1.1", code=550, reason="bounce", is_final=True
    )
    with runtime.database.write() as session:
        assert [*weigh(session, runtime.keyring, [accepted]).taken] == [sent]
        failures.record_failure(session, runtime.keyring, failed, Address.parse(OLD), now)
        assert not Suppression.covers(session, mover.hash_of(NEW))
        assert session.scalars(select(Delivery.state).where(Delivery.id == sent)).one() == "failed"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_signup_at_the_same_moment_does_not_get_the_former_address(mover: Mover) -> None:
    """The signup's insertion waits for the change, and must see afterwards that the address is reserved."""
    runtime = mover.sending.runtime
    (delivery_id,) = mover.ask().delivery_ids
    results: list[bool] = []
    other = threading.Thread(target=lambda: results.append(mover.sign_up(OLD)))
    with runtime.database.write() as session:
        person = Subscriber.locked(session, mover.id)
        assert person is not None
        now = mover.sending.clock()
        done = change_address.confirm(session, runtime.keyring, person, delivery_id, this_browser=THIS_BROWSER, now=now)
        other.start()
        other.join(timeout=1)
        assert other.is_alive()
    other.join(timeout=60)
    assert (done.standing, results) == (ChangeStanding.DONE, [False])
    assert mover.address() == NEW


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_who_move_to_one_address_at_once_are_told_apart(mover: Mover) -> None:
    (ben,) = mover.sending.members("ben@example.com")
    moving, results = Mover(mover.sending, ben.id), []
    (first,), (second,) = mover.ask().delivery_ids, moving.ask().delivery_ids
    other = threading.Thread(target=lambda: results.append(moving.confirm(second).standing))
    runtime = mover.sending.runtime
    with runtime.database.write() as session:
        person = Subscriber.locked(session, mover.id)
        assert person is not None
        now = mover.sending.clock()
        change_address.confirm(session, runtime.keyring, person, first, this_browser=THIS_BROWSER, now=now)
        other.start()
        other.join(timeout=1)
        assert other.is_alive()
    other.join(timeout=60)
    assert results == [ChangeStanding.TAKEN]
    assert (mover.address(), moving.address()) == (NEW, "ben@example.com")
