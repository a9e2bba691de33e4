"""The sending of emails: one database, a post office over HTTP, and a clock that stands still."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from service.config import Settings
from service.flows.outgoing.sending.send_records import SendReport
from service.job_queue import InMemoryQueue
from service.models import Delivery, DeliveryKind, NewDelivery, Subscriber
from service.postoffice.app import create_app
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.office import PostOffice
from service.postoffice.server import running
from service.runtime import Runtime, make_runtime
from tests.harness.clock import MovableClock
from tests.harness.people.members import due_at
from tests.harness.people.people import NOW

SIGNING_KEY = "the signing key of this test"
REPLY_DOMAIN = "reply.example.org"
LEASE = timedelta(minutes=5)


@dataclass
class SendingHarness:
    """A sender, its database and its post office."""

    runtime: Runtime
    clock: MovableClock
    queue: InMemoryQueue
    office: PostOffice

    def members(self, *addresses: str, **columns: Any) -> list[Subscriber]:
        """Add people whose prompt is due now."""
        with self.runtime.database.write() as session:
            return [due_at(session, self.runtime.keyring, self.clock(), address, **columns) for address in addresses]

    def plan(self, people: Sequence[Subscriber], **columns: Any) -> list[int]:
        """Plan one email to each person, a prompt unless the columns say otherwise."""
        now = self.clock()
        columns = {
            "kind": DeliveryKind.PROMPT,
            "slot": f"{now:%Y-%m-%d}",
            "prompt_id": self.runtime.library.first_six("en-GB")[0].id,
            "ready_at": now,
            "expires_at": now + timedelta(hours=12),
            "planned_at": now,
            "enqueued_at": now,
            **columns,
        }
        with self.runtime.database.write() as session:
            return Delivery.plan(session, [NewDelivery(subscriber_id=person.id, **columns) for person in people])

    def send(self, ids: Sequence[int], stopping: Callable[[], bool] = lambda: False) -> SendReport:
        return self.runtime.sender(stopping).send(ids)

    def mails(self) -> list[MailboxMail]:
        """Return the mails that the post office accepted, oldest first."""
        return [*self.office.mailbox.newest_first()][::-1]

    def states(self) -> dict[str, int]:
        """Return how many deliveries are in each state."""
        with self.runtime.database.read() as session:
            found = list(session.scalars(select(Delivery.state)))
        return {state: found.count(state) for state in sorted(set(found))}

    def delivery(self, id_: int) -> Delivery:
        with self.runtime.database.read() as session:
            return session.scalars(select(Delivery).where(Delivery.id == id_)).one()


@contextmanager
def open_sending_harness(
    database_url: str, folder: Path, now: datetime = NOW, **settings: Any
) -> Iterator[SendingHarness]:
    clock, queue = MovableClock(now), InMemoryQueue()
    office_app = create_app(
        folder=folder / "postoffice",
        domain="mail.example.org",
        reply_domain=REPLY_DOMAIN,
        api_key="key",
        signing_key=SIGNING_KEY,
        inbound_url="http://127.0.0.1:9/webhooks/mailgun/inbound",
        events_url="",
        now=clock,
    )
    with ExitStack() as stack:
        office = office_app.extensions["postoffice"]
        stack.callback(office.close)
        url = stack.enter_context(running(office_app))
        values = {
            "base_url": "http://localhost",
            "secret_key": "a secret of the tests",
            "encryption_keys": base64.b64encode(b"k" * 32).decode(),
            "database_url": database_url,
            "storage_url": f"file://{folder}/objects",
            "mailgun_api_url": url,
            "mailgun_api_key": "key",
            "mailgun_domain": "mail.example.org",
            "mailgun_signing_key": SIGNING_KEY,
            "mail_from": "Small Steps <hello@mail.example.org>",
            "reply_domain": REPLY_DOMAIN,
            "postal_address": "1 Quiet Lane, Smalltown",
            **settings,
        }
        runtime = make_runtime(Settings(_env_file=None, **values), clock=clock, job_queue=queue)
        stack.callback(runtime.database.engine.dispose)
        yield SendingHarness(runtime, clock, queue, office)
