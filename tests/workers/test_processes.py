"""Real worker processes, ended in the middle of their work."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from service.config import ROOT
from service.dispatch import RqJobQueue
from service.flows.outgoing.tick import sweep
from service.job_queue import BackgroundJob
from service.models import Delivery, Entry, Reply, WriterMail, WriterMailKind
from tests.harness.mail.posts import mail, post, signed
from tests.harness.sending import SIGNING_KEY, SendingHarness, open_sending_harness

PATIENCE_SECONDS = 60
WRITER_MAILS = BackgroundJob.WRITER_MAILS
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path, now=datetime.now(UTC)) as opened:
        yield opened


@contextmanager
def worker(
    harness: SendingHarness, redis_url: str, *command: str, log: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start a worker process, which writes its log to a file if one is named; kill it at the end."""
    settings = harness.runtime.settings
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": base64.b64encode(b"k" * 32).decode(),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": redis_url,
        "STORAGE_URL": settings.storage_url,
        "MAILGUN_API_URL": settings.mailgun_api_url,
        "MAILGUN_API_KEY": settings.mailgun_api_key,
        "MAILGUN_DOMAIN": settings.mailgun_domain,
        "MAILGUN_SIGNING_KEY": SIGNING_KEY,
        "MAIL_FROM": settings.mail_from,
        "REPLY_DOMAIN": settings.reply_domain,
        "POSTAL_ADDRESS": settings.postal_address,
        "WRITER_EMAILS": "wren@example.org",
    }
    with log.open("a") if log else nullcontext() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def ringing(redis_url: str) -> Iterator[RqJobQueue]:
    queue = RqJobQueue(redis_url)
    yield queue
    queue.connection.close()


def wait_until(happened: Callable[[], object]) -> None:
    mark_given_up = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < mark_given_up, "it did not happen"
        time.sleep(0.05)


def people_alone(harness: SendingHarness, number: int) -> list[int]:
    """Plan one email each to people who are all written to singly."""
    return harness.plan(harness.members(*[f"p{place}+alone@example.com" for place in range(number)]))


def test_sigterm_finishes_the_call_under_way_and_puts_back_the_rest(harness: SendingHarness, redis_url: str) -> None:
    ids = people_alone(harness, 100)
    with ringing(redis_url) as queue, worker(harness, redis_url, "workers", "send") as process:
        queue.enqueue_deliveries(ids)
        wait_until(lambda: len(harness.mails()) >= 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    states = harness.states()
    assert set(states) == {"sent", "planned"}, "none is unknown, none is held, and not all were sent first"
    assert states["sent"] == len(harness.mails())
    assert sum(states.values()) == 100
    harness.clock.move(timedelta(minutes=5))
    harness.send(ids)
    assert sorted(mail.recipient for mail in harness.mails()) == sorted({mail.recipient for mail in harness.mails()})
    assert len(harness.mails()) == 100


def kill_at(
    harness: SendingHarness, redis_url: str, place: str, queue_name: str, ring: Callable[[RqJobQueue], None]
) -> None:
    """Start a worker, let it stop on entry to a place, and kill it there."""
    with (
        ringing(redis_url) as queue,
        worker(harness, redis_url, "tests.workers.stopping_at", place, queue_name) as process,
    ):
        ring(queue)
        assert process.stdout
        assert process.stdout.readline().startswith("stopped at")
        process.kill()
        process.wait()


def lapse(harness: SendingHarness, table: type[Delivery | Reply | WriterMail]) -> None:
    with harness.runtime.database.write() as session:
        session.execute(update(table).where(table.lease_until.is_not(None)).values(lease_until=LONG_AGO))


@pytest.mark.parametrize(
    ("place", "sent", "state"),
    [
        pytest.param("service.models.outgoing.deliveries.delivery_claims:claim", 0, "planned", id="before the claim"),
        pytest.param("service.mail.outbound.mailgun:MailgunGateway.send", 0, "unknown", id="before the hand-over"),
        pytest.param(
            "service.flows.outgoing.sending.send:Sender._record_sent", 1, "unknown", id="after it, before the record"
        ),
    ],
)
def test_a_worker_killed_in_the_middle_of_a_send_never_leads_to_a_second_copy(
    harness: SendingHarness, redis_url: str, place: str, sent: int, state: str
) -> None:
    ids = people_alone(harness, 1)
    kill_at(harness, redis_url, place, "send", lambda queue: queue.enqueue_deliveries(ids))
    lapse(harness, Delivery)
    sweep(harness.runtime.database, harness.queue, now=harness.clock())
    assert (harness.states(), len(harness.mails())) == ({state: 1}, sent)
    harness.send(ids)
    assert len(harness.mails()) == (1 if state == "planned" else sent)


@pytest.mark.parametrize(
    "place",
    [
        "service.flows.incoming.replies.process:ReplyProcessor._stages",
        "service.flows.incoming.replies.apply:ReplyApplier.apply",
    ],
)
def test_a_receiver_killed_in_the_middle_of_a_mail_loses_nothing_and_doubles_nothing(
    harness: SendingHarness, redis_url: str, place: str
) -> None:
    reply_id = kept(harness)
    kill_at(harness, redis_url, place, "receive", lambda queue: queue.enqueue_replies([reply_id]))
    lapse(harness, Reply)
    reply_processor = harness.runtime.reply_processor()
    reply_processor.process(reply_id)
    reply_processor.process(reply_id)
    reply_processor.reader.close()
    with harness.runtime.database.read() as session:
        assert session.get_one(Reply, reply_id).outcome == "entry"
        assert session.scalar(select(func.count()).select_from(Entry)) == 1


def kept(harness: SendingHarness) -> int:
    harness.members("ana@example.com")
    signature = signed(harness.clock(), key=SIGNING_KEY)
    form = post(mail("Soup, slowly."), "hello@reply.example.org", signature)
    _, (reply_id,) = harness.runtime.inbound_store().store(*form, signature)
    return reply_id


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_of_jobs_killed_in_a_request_leaves_that_mail_to_a_writer_in_doubt(
    harness: SendingHarness, redis_url: str
) -> None:
    runtime, now = harness.runtime, harness.clock()
    values = {"since": "", "meaning": "", "remedy": ""}
    with runtime.database.write() as session:
        mail_id = WriterMail.plan(session, runtime.keyring, WriterMailKind.SENDING_HELD, values, key="1", now=now)
    assert mail_id
    place = "service.mail.outbound.mailgun:MailgunGateway.send"
    kill_at(harness, redis_url, place, "jobs", lambda queue: queue.enqueue_background(WRITER_MAILS, [mail_id]))
    lapse(harness, WriterMail)
    sweep(runtime.database, harness.queue, now=now)
    with runtime.database.read() as session:
        states = session.scalars(select(WriterMail.state).order_by(WriterMail.state)).all()
    assert (states, harness.mails()) == (["skipped", "unknown"], [])


@pytest.mark.parametrize("arguments", [[], ["both"], ["send", "receive"]], ids=str)
def test_a_worker_serves_one_queue_and_says_so(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "workers", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Say which queue this worker serves: send, receive or jobs.\n")
