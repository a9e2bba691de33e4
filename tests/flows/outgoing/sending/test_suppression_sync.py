"""Our suppressions and the provider's lists become the same, by few requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.core.settings.consent import ConsentEvent
from service.flows.outgoing.sending import suppression_sync
from service.flows.outgoing.sending.suppression_sync import READ_EVERY, SuppressionSync
from service.flows.people.settings.consent import record_consent
from service.flows.people.subscription import account
from service.mail.outbound.mailgun import MailgunGateway
from service.models import (
    DeliveryKind,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionCursor,
    SuppressionReason,
)
from tests.harness.people.people import DAY
from tests.harness.sending import SendingHarness, open_sending_harness

ANA = "ana@example.com"
HOUR = timedelta(hours=1)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def sync(harness: SendingHarness, runs: int = 3) -> None:
    for _ in range(runs):
        harness.runtime.suppression_sync().run()


def suppressed(harness: SendingHarness) -> dict[bytes, str]:
    with harness.runtime.database.read() as session:
        return {row.address_hash: row.reason for row in session.scalars(select(Suppression))}


def status(harness: SendingHarness, person: Subscriber) -> str:
    with harness.runtime.database.read() as session:
        return session.get_one(Subscriber, person.id).status


@pytest.mark.parametrize(
    ("table", "reason", "state"),
    [
        ("bounces", SuppressionReason.BOUNCED, SubscriberStatus.ACTIVE),
        ("complaints", SuppressionReason.COMPLAINED, SubscriberStatus.STOPPED),
        ("unsubscribes", None, SubscriberStatus.STOPPED),
    ],
)
def test_what_the_provider_bars_is_taken_over(
    harness: SendingHarness, table: str, reason: str | None, state: str
) -> None:
    (ana,) = harness.members(ANA)
    harness.office.suppressions.add(table, ANA, harness.clock(), error="550 5.1.1 Nobody of that name")
    harness.office.suppressions.add(table, "stranger@example.com", harness.clock())
    sync(harness)
    assert suppressed(harness) == ({ana.address_hash: reason} if reason else {})
    assert status(harness, ana) == state
    assert harness.office.suppressions.table_of(ANA) == table


@pytest.mark.parametrize("error", ["550 5.7.26 Mail is not authenticated", "552 5.2.2 The mailbox is full"])
@ON_SQLITE
def test_a_bounce_that_is_not_about_the_address_is_lifted(harness: SendingHarness, error: str) -> None:
    harness.members(ANA)
    harness.office.suppressions.add("bounces", ANA, harness.clock(), error=error)
    sync(harness)
    assert suppressed(harness) == {}
    assert harness.office.suppressions.table_of(ANA) is None


@ON_SQLITE
def test_who_confirmed_after_they_unsubscribed_at_the_provider_is_mailed_again(harness: SendingHarness) -> None:
    (ana,) = harness.members(ANA)
    harness.office.suppressions.add("unsubscribes", ANA, harness.clock())
    harness.clock.move(HOUR)
    with harness.runtime.database.write() as session:
        person = session.get_one(Subscriber, ana.id)
        account.stop(session, person, harness.clock(), source="provider")
        assert account.restart(session, person, harness.clock(), source="reply")
    sync(harness)
    assert status(harness, ana) == SubscriberStatus.ACTIVE
    assert harness.office.suppressions.table_of(ANA) is None


@ON_SQLITE
def test_an_agreement_of_before_does_not_undo_an_unsubscribe(harness: SendingHarness) -> None:
    (ana,) = harness.members(ANA)
    with harness.runtime.database.write() as session:
        record_consent(
            session, session.get_one(Subscriber, ana.id), ConsentEvent.CONFIRMED, source="page", now=harness.clock()
        )
    harness.clock.move(HOUR)
    harness.office.suppressions.add("unsubscribes", ANA, harness.clock())
    sync(harness)
    assert status(harness, ana) == SubscriberStatus.STOPPED


def test_a_long_list_is_read_page_by_page_once_a_day(harness: SendingHarness) -> None:
    short_pages = replace(harness.runtime.suppression_sync(), page=2)

    def run(times: int) -> None:
        for _ in range(times):
            short_pages.run()

    addresses = [f"p{number}@example.com" for number in range(5)]
    people = harness.members(*addresses)
    for address in addresses:
        harness.office.suppressions.add("bounces", address, harness.clock(), error="5.1.1")
    run(1)
    assert len(suppressed(harness)) == 2, "one page a run"
    with harness.runtime.database.read() as session:
        kept = [row.sealed_after for row in session.scalars(select(SuppressionCursor)) if row.sealed_after]
    assert len(kept) == 1
    assert b"example" not in kept[0]
    run(4)
    assert suppressed(harness).keys() == {person.address_hash for person in people}
    (cho,) = harness.members("cho@example.com")
    harness.office.suppressions.add("bounces", "cho@example.com", harness.clock(), error="5.1.1")
    run(3)
    assert cho.address_hash not in suppressed(harness)
    harness.clock.move(READ_EVERY)
    run(5)
    assert cho.address_hash in suppressed(harness)


def test_a_suppression_of_ours_is_put_on_the_providers_list(harness: SendingHarness) -> None:
    (ana,) = harness.members(ANA)
    with harness.runtime.database.write() as session:
        Suppression.add(
            session, ana.address_hash, SuppressionReason.COMPLAINED, harness.clock(), push_at=harness.clock()
        )
    sync(harness, 1)
    assert harness.office.suppressions.table_of(ANA) == "complaints"
    harness.office.suppressions.remove("complaints", ANA)
    sync(harness)
    assert harness.office.suppressions.table_of(ANA) is None, "it is told once"


@ON_SQLITE
def test_what_was_lifted_for_a_sign_in_is_barred_again_an_hour_later(harness: SendingHarness) -> None:
    (ana,) = harness.members(ANA)
    harness.office.suppressions.add("bounces", ANA, harness.clock(), error="5.1.1")
    with harness.runtime.database.write() as session:
        Suppression.add(session, ana.address_hash, SuppressionReason.BOUNCED, harness.clock())
    harness.send(harness.plan([ana], kind=DeliveryKind.SIGN_IN))
    sync(harness)
    assert harness.office.suppressions.table_of(ANA) is None
    harness.clock.move(HOUR)
    sync(harness)
    assert harness.office.suppressions.table_of(ANA) == "bounces"


@ON_SQLITE
def test_a_key_that_may_only_send_is_said_so_once_a_day_for_each_list(
    harness: SendingHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime = harness.runtime
    gateway = MailgunGateway(
        api_key="another", domain="mail.example.org", api_url=runtime.settings.mailgun_api_url, now=harness.clock
    )
    for _ in range(6):
        SuppressionSync(runtime.database, runtime.keyring, gateway, harness.clock).run()
    assert capsys.readouterr().out.count("suppressions.not_synced") == 3
    harness.clock.move(DAY)
    sync(harness)
    assert capsys.readouterr().out.count("suppressions.not_synced") == 0


@ON_SQLITE
def test_with_the_provider_away_the_list_is_read_later(harness: SendingHarness) -> None:
    (ana,) = harness.members(ANA)
    harness.office.suppressions.add("bounces", ANA, harness.clock(), error="5.1.1")
    runtime = harness.runtime
    away = MailgunGateway(api_key="key", domain="mail.example.org", api_url="http://127.0.0.1:1", now=harness.clock)
    for _ in range(3):
        SuppressionSync(runtime.database, runtime.keyring, away, harness.clock).run()
    sync(harness)
    assert suppressed(harness) == {}
    harness.clock.move(suppression_sync.LEASE)
    sync(harness)
    assert suppressed(harness).keys() == {ana.address_hash}
