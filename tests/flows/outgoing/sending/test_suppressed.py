"""A sign-in that somebody asks for reaches them, although the provider bars their address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from service.flows.people.subscription import account
from service.mail.outbound.mailgun import MailgunGateway
from service.models import DeliveryKind, Subscriber, Suppression, SuppressionReason
from tests.harness.sending import SendingHarness, open_sending_harness

ANA = "ana@example.com"
# These tests are about the provider's lists, which do not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def bar(harness: SendingHarness, table: str, reason: SuppressionReason | None) -> Subscriber:
    """Bar ana at the provider and, with a reason, here."""
    (ana,) = harness.members(ANA)
    harness.office.suppressions.add(table, ANA, harness.clock())
    with harness.runtime.database.write() as session:
        if reason is not None:
            Suppression.add(session, ana.address_hash, reason, harness.clock())
        else:
            account.stop(session, session.get_one(Subscriber, ana.id), harness.clock(), source="provider")
    return ana


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("bounces", SuppressionReason.BOUNCED),
        ("complaints", SuppressionReason.COMPLAINED),
        ("unsubscribes", None),
    ],
)
def test_a_sign_in_that_a_barred_person_asks_for_arrives(
    harness: SendingHarness, table: str, reason: SuppressionReason | None
) -> None:
    ana = bar(harness, table, reason)
    assert harness.send(harness.plan([ana], kind=DeliveryKind.SIGN_IN)).counts == {"sent": 1}
    assert [mail.recipient for mail in harness.mails()] == [ANA]
    assert harness.office.suppressions.table_of(ANA) is None


def test_nobody_elses_suppression_is_lifted(harness: SendingHarness) -> None:
    harness.office.suppressions.add("bounces", ANA, harness.clock())
    people = harness.members(ANA)
    harness.send(harness.plan(people, kind=DeliveryKind.SIGN_IN) + harness.plan(people))
    assert harness.office.suppressions.table_of(ANA) == "bounces"


def test_with_the_provider_away_the_sign_in_waits(harness: SendingHarness) -> None:
    ana = bar(harness, "bounces", SuppressionReason.BOUNCED)
    ids = harness.plan([ana], kind=DeliveryKind.SIGN_IN)
    away = MailgunGateway(api_key="key", domain="mail.example.org", api_url="http://127.0.0.1:1", now=harness.clock)
    sender = replace(harness.runtime.sender(), mailer=away, suppression_lists=away)
    assert sender.send(ids).counts == {"planned": 1}
    harness.clock.move(timedelta(seconds=30))
    assert harness.send(ids).counts == {"sent": 1}
    assert len(harness.mails()) == 1
