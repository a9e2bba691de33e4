"""Mail that was set aside can be replayed, whichever key it is sealed with, and never becomes two entries."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from service.flows.incoming.held.quarantine import ReplayedMail, ReplayResult, quarantined, replay, unreadable
from service.flows.outgoing.tick import prune, sweep
from service.mail.sandbox.reader import MailReader
from service.models import Outcome, Reply
from service.models.incoming.reply_claims import MAX_ATTEMPTS
from tests.harness.inbound import InboundHarness, open_inbound_harness
from tests.harness.mail.posts import mail
from tests.harness.people.people import DAY

# A reader that reports that it is ready, and then dies with every mail.
DYING = (sys.executable, "-c", "import sys; sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.buffer.read(9)")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
LARGE = "Large. " + "x " * 200_000


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def row(harness: InboundHarness, reply_id: int) -> Reply:
    return next(row for row in harness.rows() if row.id == reply_id)


def receive_unreadable(harness: InboundHarness, words: str = "Soup, slowly.") -> int:
    """Receive a mail that kills its reader at every attempt; return its id."""
    healthy = harness.reply_processor
    harness.reply_processor = replace(healthy, reader=MailReader(command=DYING))
    reply = harness.receive(mail(words))
    assert reply is not None
    for _ in range(MAX_ATTEMPTS - 1):
        lapse_lease(harness, reply.id)
        harness.reply_processor.process(reply.id)
    harness.reply_processor.reader.close()
    harness.reply_processor = healthy
    assert row(harness, reply.id).outcome == Outcome.UNREADABLE
    return reply.id


def lapse_lease(harness: InboundHarness, reply_id: int) -> None:
    with harness.sending.runtime.database.write() as session:
        session.execute(update(Reply).where(Reply.id == reply_id).values(lease_until=LONG_AGO))


def replay_one(harness: InboundHarness, reply_id: int) -> ReplayResult:
    (result,) = replay(harness.sending.runtime.inbound_store(), [reply_id], harness.sending.clock())
    assert isinstance(result, ReplayedMail)
    assert result.id == reply_id
    return result.result


@pytest.mark.parametrize("words", ["Soup, slowly.", LARGE], ids=["in its row", "in the object store"])
def test_an_unreadable_mail_sealed_for_its_owner_is_processed_again(harness: InboundHarness, words: str) -> None:
    reply_id = receive_unreadable(harness, words)
    assert row(harness, reply_id).subscriber_id == harness.ana.id
    assert replay_one(harness, reply_id) is ReplayResult.ENQUEUED
    harness.reply_processor.process(reply_id)
    assert row(harness, reply_id).outcome == Outcome.ENTRY
    (kept,) = harness.words()  # an entry shows only the beginning of a long one
    assert words.startswith(kept.strip())
    objects = [path for path in Path(harness.sending.runtime.storage.root).rglob("*") if path.is_file()]
    assert len(objects) == (1 if words is LARGE else 0)


def test_an_unreadable_mail_sealed_by_the_service_is_processed_again(harness: InboundHarness) -> None:
    runtime = harness.sending.runtime
    healthy, harness.reply_processor = (
        harness.reply_processor,
        replace(harness.reply_processor, reader=MailReader(command=DYING)),
    )
    reply = harness.receive(mail())
    harness.reply_processor.reader.close()
    harness.reply_processor = healthy
    assert reply is not None
    with runtime.database.write() as session:
        session.execute(update(Reply).values(attempts=MAX_ATTEMPTS, lease_until=LONG_AGO))
    sweep(runtime.database, runtime.job_queue, now=harness.sending.clock())
    assert row(harness, reply.id).outcome == Outcome.UNREADABLE
    assert replay_one(harness, reply.id) is ReplayResult.ENQUEUED
    harness.reply_processor.process(reply.id)
    assert harness.words() == ["Soup, slowly."]


def test_a_mail_that_is_an_entry_is_not_replayed(harness: InboundHarness) -> None:
    reply = harness.receive(mail())
    assert reply is not None
    assert replay_one(harness, reply.id) is ReplayResult.SETTLED
    assert row(harness, reply.id).outcome == Outcome.ENTRY


def test_a_mail_replayed_twice_is_one_entry(harness: InboundHarness) -> None:
    reply_id = receive_unreadable(harness)
    assert [replay_one(harness, reply_id) for _ in range(2)] == [ReplayResult.ENQUEUED, ReplayResult.SETTLED]
    for _ in range(2):
        harness.reply_processor.process(reply_id)
    assert harness.words() == ["Soup, slowly."]


def test_a_mail_cannot_be_replayed_after_thirty_days(harness: InboundHarness) -> None:
    reply_id, runtime = receive_unreadable(harness), harness.sending.runtime
    prune(runtime.database, runtime.storage, now=harness.sending.clock() + 31 * DAY)
    assert replay_one(harness, reply_id) is ReplayResult.GONE
    assert replay_one(harness, 1) is ReplayResult.UNKNOWN


def test_the_list_has_no_private_content(harness: InboundHarness) -> None:
    unread_id = receive_unreadable(harness)
    held = harness.receive(mail("Words of somebody.", sender="ben@example.com"))
    assert held is not None
    with harness.sending.runtime.database.read() as session:
        found = quarantined(session)
        assert unreadable(session) == (unread_id,)
    assert {mail.id: mail.outcome for mail in found} == {unread_id: "unreadable", held.id: "held"}
    listed = repr(found)
    assert not any(secret in listed for secret in ("Words", "Soup", "ben", "ana", "@", harness.address()))


def test_a_replayed_held_mail_is_held_again(harness: InboundHarness) -> None:
    held = harness.receive(mail("Words.", sender="ben@example.com"))
    assert held is not None
    assert replay_one(harness, held.id) is ReplayResult.ENQUEUED
    harness.reply_processor.process(held.id)
    assert row(harness, held.id).outcome == Outcome.HELD
    assert harness.words() == []
