"""Handing over: when a worker ends, only its request under way is in doubt; everything else is planned again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from service.flows.outgoing.sending.send import Sender
from service.flows.outgoing.tick import sweep
from service.mail.outbound.mailer import Mailer, OutgoingEmail, Recipient, SendOutcome
from service.models import DeliveryClaim
from service.models.outgoing.deliveries import delivery_claims
from tests.harness.sending import SendingHarness, open_sending_harness

ADDRESSES = ("a@example.com", "b@example.com", "c@example.com", "d@example.com")
PAST = timedelta(hours=-1)


@dataclass
class InterruptedMailer:
    """A provider connection that does something else just before its call of a given number."""

    inner: Mailer
    at_call: int
    before: Callable[[], None]
    calls: int = 0

    def send(self, email: OutgoingEmail, to: Sequence[Recipient]) -> SendOutcome:
        self.calls += 1
        if self.calls == self.at_call:
            self.before()
        return self.inner.send(email, to)


class BrokenCallError(Exception):
    """Raised in the middle of a request to the provider."""


def break_off() -> None:
    raise BrokenCallError


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def interrupted(harness: SendingHarness, before: Callable[[], None], *, at_call: int, batch_size: int = 1000) -> Sender:
    sender = harness.runtime.sender()
    return replace(sender, mailer=InterruptedMailer(sender.mailer, at_call, before), batch_size=batch_size)


def test_an_expired_claim_that_was_not_handed_over_is_planned_again_and_sent_once(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ADDRESSES))
    with harness.runtime.database.write() as session:
        assert len(delivery_claims.claim(session, ids, lease=PAST, now=harness.clock())) == 4
    assert sweep(harness.runtime.database, harness.queue, now=harness.clock()) == (4, 0)
    assert harness.send(ids).counts == {"sent": 4}
    assert sorted(mail.recipient for mail in harness.mails()) == list(ADDRESSES)


def test_a_job_that_fails_leaves_only_its_call_under_way_in_doubt(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ADDRESSES))
    with pytest.raises(BrokenCallError):
        interrupted(harness, break_off, at_call=2, batch_size=1).send(ids)
    assert harness.states() == {"claimed": 1, "planned": 2, "sent": 1}
    assert harness.send(ids).counts == {"sent": 2}
    assert len({mail.recipient for mail in harness.mails()}) == len(harness.mails()) == 3


def test_the_half_of_a_refused_batch_that_waits_is_not_in_doubt(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ADDRESSES))
    harness.office.faults.largest_batch = 2
    with pytest.raises(BrokenCallError):
        interrupted(harness, break_off, at_call=2).send(ids)
    assert harness.states() == {"claimed": 2, "planned": 2}


def test_a_worker_hands_over_nothing_that_it_no_longer_holds(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ADDRESSES))

    def lose_the_rest() -> None:
        with harness.runtime.database.write() as session:
            assert len(delivery_claims.release(session, [DeliveryClaim(id_, 1) for id_ in ids], "taken away")) == 3

    assert interrupted(harness, lose_the_rest, at_call=1, batch_size=1).send(ids).counts == {"sent": 1}
    assert len(harness.mails()) == 1
    assert harness.send(ids).counts == {"sent": 3}
    assert len({mail.recipient for mail in harness.mails()}) == len(harness.mails()) == 4
