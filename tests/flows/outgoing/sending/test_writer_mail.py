"""Mails to the writers: each goes once to each of them, and is settled as a delivery is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from service.core.sending.domain_results import DomainResults
from service.db import database_now
from service.flows.incoming.events.events import record_event
from service.flows.outgoing.planning.plan_writer_mail import plan_writer_mail
from service.flows.outgoing.sending.domain_pauses import record_results
from service.flows.outgoing.settling.old_copy import hold_sending
from service.flows.outgoing.tick import WRITER_MAILS_KEPT, prune, sweep
from service.inline import InlineWorker
from service.models import HoldReason, WriterMail, WriterMailKind
from tests.harness.people.people import MINUTE
from tests.harness.sending import SendingHarness, open_sending_harness

WRITERS = ["wren@example.org", "kit+steps@example.org"]
VALUES = {"since": "2026-05-06 09:00", "meaning": "an operator said so", "remedy": "smallsteps sending release"}
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path, writer_emails=WRITERS) as opened:
        yield opened


def plan(harness: SendingHarness, key: str = "1") -> bool:
    with harness.runtime.database.write() as session:
        mail_id = plan_writer_mail(
            session, harness.runtime.keyring, WriterMailKind.SENDING_HELD, VALUES, key=key, now=harness.clock()
        )
        return mail_id is not None


def work(harness: SendingHarness) -> None:
    """Do what the clock and the worker of the queue `jobs` do."""
    sweep(harness.runtime.database, harness.queue, now=harness.clock())
    worker = InlineWorker(harness.runtime, harness.queue)
    worker.work()
    worker.close()


def recipients(harness: SendingHarness) -> list[str]:
    return sorted(mail.recipient for mail in harness.mails())


def states(harness: SendingHarness) -> list[str]:
    """Return the states of the copies."""
    with harness.runtime.database.read() as session:
        return sorted(session.scalars(select(WriterMail.state).where(WriterMail.writer_hash != b"")))


def test_a_mail_goes_once_to_each_writer_however_often_it_is_planned_and_found(harness: SendingHarness) -> None:
    assert [plan(harness), plan(harness)] == [True, False]
    for _ in range(3):
        work(harness)
        harness.clock.move(2 * MINUTE)
    assert recipients(harness) == sorted(WRITERS)
    assert {mail.subject for mail in harness.mails()} == {"All sending is held"}
    assert states(harness) == ["sent", "sent"]
    assert plan(harness) is False


@ON_SQLITE
def test_what_it_says_and_to_whom_stands_nowhere_in_plain_text(harness: SendingHarness) -> None:
    plan(harness)
    work(harness)
    with harness.runtime.database.read() as session:
        rows = session.scalars(select(WriterMail)).all()
        kept = "".join(str({column.name: getattr(row, column.name) for column in row.__table__.c}) for row in rows)
        assert [row.open_values(harness.runtime.keyring) for row in rows] == [VALUES] * 3
    assert "said so" not in kept
    assert "wren" not in kept


@ON_SQLITE
def test_it_goes_while_all_other_sending_is_held(harness: SendingHarness) -> None:
    with harness.runtime.database.write() as session:
        hold_sending(session, harness.runtime.keyring, HoldReason.OLD_COPY, harness.clock())
        hold_sending(session, harness.runtime.keyring, HoldReason.OLD_COPY, harness.clock() + 5 * MINUTE)
    work(harness)
    assert recipients(harness) == sorted(WRITERS)
    assert "smallsteps deliveries reconcile" in harness.mails()[0].text


@ON_SQLITE
def test_a_paused_domain_is_told_with_its_cause_and_the_command(harness: SendingHarness) -> None:
    for _ in range(2):  # the second refusal finds the domain paused already
        with harness.runtime.database.write() as session:
            record_results(session, harness.runtime.keyring, "example.com", DomainResults(60, 6, 0), harness.clock())
    work(harness)
    assert recipients(harness) == sorted(WRITERS)
    text = harness.mails()[0].text
    assert "It refused 6 of 60 emails within a day." in text
    assert "smallsteps domains resume example.com" in text


@ON_SQLITE
def test_somebody_who_is_no_writer_any_more_gets_nothing(harness: SendingHarness) -> None:
    plan(harness)
    harness.office.faults.add("rate-limit-seconds")
    work(harness)
    assert states(harness) == ["planned", "sent"]
    harness.runtime.settings.writer_emails.clear()
    harness.clock.move(60 * MINUTE)
    work(harness)
    assert states(harness) == ["sent", "skipped"]
    assert len(harness.mails()) == 1


@pytest.mark.parametrize("fault", ["close-after", "close-before"])
def test_one_in_doubt_is_settled_by_the_providers_record(harness: SendingHarness, fault: str) -> None:
    plan(harness, "known")
    work(harness)
    harness.clock.move(20 * MINUTE)
    plan(harness, "doubtful")
    harness.office.faults.add(fault)
    work(harness)
    assert states(harness) == ["sent", "sent", "sent", "unknown"]
    settler = harness.runtime.settler()
    for _ in range(6):
        harness.clock.move(10 * MINUTE)
        settler.settle()
        work(harness)
    assert states(harness) == ["sent"] * 4
    assert recipients(harness) == sorted(2 * WRITERS), "none is lost and none goes twice"


@pytest.mark.parametrize("is_withheld", [True, False])
def test_what_a_worker_left_behind_is_planned_again_or_in_doubt(harness: SendingHarness, is_withheld: bool) -> None:
    plan(harness)
    work(harness)
    with harness.runtime.database.write() as session:
        past = database_now(session) - timedelta(minutes=1)
        query = update(WriterMail).where(WriterMail.state == "sent")
        session.execute(query.values(state="claimed", lease_until=past, is_withheld=is_withheld))
    sweep(harness.runtime.database, harness.queue, now=harness.clock())
    assert states(harness) == (["planned"] * 2 if is_withheld else ["unknown"] * 2)


@ON_SQLITE
def test_a_late_answer_changes_nothing_once_another_worker_has_it(harness: SendingHarness) -> None:
    plan(harness)
    work(harness)
    database, now = harness.runtime.database, harness.clock()
    with database.write() as session:
        session.execute(update(WriterMail).where(WriterMail.state == "sent").values(state="planned"))
        mail_id = session.scalars(select(WriterMail.id).where(WriterMail.state == "planned")).first() or 0
    with database.write() as session:
        first = WriterMail.claim(session, mail_id, lease=MINUTE, now=now)
        session.execute(update(WriterMail).where(WriterMail.id == mail_id).values(state="planned"))
        second = WriterMail.claim(session, mail_id, lease=MINUTE, now=now)
        assert first is not None
        assert second is not None
    first.attempt -= 1  # both are the same row of the session
    with database.write() as session:
        assert not first.hand_over(session, now)


@ON_SQLITE
def test_a_final_failure_says_so_and_only_the_writers_own_event_counts(harness: SendingHarness) -> None:
    plan(harness)
    work(harness)
    events = [*harness.runtime.mailer.find_events(harness.clock() - MINUTE, harness.clock() + MINUTE)]
    assert len(events) == 2
    failed = replace(events[0], name="failed", is_final=True, code=550, enhanced_code="5.1.1")
    stranger = replace(failed, recipient="stranger@example.org")
    for token, event in (("a", stranger), ("b", failed)):
        with harness.runtime.database.write() as session:
            record_event(session, harness.runtime.keyring, event, token=token, now=harness.clock())
        assert states(harness) == (["sent", "sent"] if event is stranger else ["failed", "sent"])


@ON_SQLITE
def test_its_log_lines_name_nobody_and_it_is_deleted_when_its_time_is_over(harness: SendingHarness) -> None:
    with capture_logs() as logs:
        plan(harness)
        work(harness)
    assert [line["state"] for line in logs if line["event"] == "writer_mail.outcome"] == ["sent", "sent"]
    assert "example.org" not in str(logs)
    prune(harness.runtime.database, harness.runtime.storage, now=harness.clock() + WRITER_MAILS_KEPT + MINUTE)
    with harness.runtime.database.read() as session:
        assert session.scalars(select(WriterMail)).all() == []
