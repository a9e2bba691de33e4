"""A whole Small Steps for a test: real pages, queue, database and post office over HTTP, and a clock to move."""

from __future__ import annotations

import base64
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from sqlalchemy import func, select

from service.app import create_app
from service.config import Settings
from service.core.addresses import Address
from service.dispatch import QUEUES, RqJobQueue
from service.flows.outgoing.tick import TickResult, tick
from service.flows.people.journal import journal
from service.models import Delivery, DeliveryKind, DeliveryState, Entry, Keyring, NewDelivery, Subscriber
from service.postoffice import app as postoffice
from service.postoffice.server import running
from service.runtime import Runtime, make_runtime
from service.web.forms.form_time import FIELD, sign_form_time
from tests.harness.clock import MovableClock
from tests.harness.website import FILLED_IN
from workers.worker import work

SIGNING_KEY = "the signing key of this test"
MASTER_KEY = base64.b64encode(b"m" * 32).decode()
START = datetime(2026, 5, 6, 9, 0, tzinfo=UTC)  # a Wednesday, 10:00 in London
FIRST_PORT, PORTS = 20_000, 12_000
_CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Browser:
    """A person's browser, as far as forms need one: cookies, the CSRF token of the page, and when a form was shown.

    `form_time` says that it was shown long enough ago for a person, since the clock of a journey stands still.
    """

    base_url: str
    form_time: Callable[[], str]
    session: requests.Session = field(default_factory=requests.Session)

    def open(self, path: str) -> requests.Response:
        return self.session.get(self._url(path), timeout=30)

    def press(self, path: str, **fields: Any) -> requests.Response:
        """Open the page, then submit its form with these fields."""
        page = self.open(fields.pop("page", path))
        found = _CSRF.search(page.text)
        data = {FIELD: self.form_time(), **fields, "csrf_token": found.group(1) if found else ""}
        return self.session.post(self._url(path), data=data, timeout=30)

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else self.base_url + path


@dataclass
class JourneyHarness:
    """A running service, with what a person or the clock does."""

    runtime: Runtime
    clock: MovableClock
    office: str
    web: str
    app: Flask

    def browser(self) -> Browser:
        return Browser(self.web, lambda: sign_form_time(self.keyring.index, self.clock() - FILLED_IN))

    def work(self) -> None:
        """Run both workers until their queues are empty."""
        while waiting := [queue for queue in QUEUES if self.job_queue.waiting(queue)]:
            for queue in waiting:
                work(self.runtime, queue, burst=True)

    @property
    def job_queue(self) -> RqJobQueue:
        assert isinstance(self.runtime.job_queue, RqJobQueue)
        return self.runtime.job_queue

    def tick(self) -> TickResult:
        runtime = self.runtime
        return tick(runtime.database, runtime.library, runtime.job_queue, now=self.clock.now, chunk=1000)

    def go_to(self, at: datetime) -> None:
        """Move the clock to an instant, with a stop at each one at which an email is due."""
        while self.clock.now < at:
            self.clock.now = min(at, self._next_due_at() or at)
            self.tick()
            self.work()

    def _next_due_at(self) -> datetime | None:
        with self.runtime.database.read() as session:
            times = session.execute(select(func.min(Subscriber.next_prompt_at), func.min(Subscriber.next_digest_at)))
            ahead = Delivery.ready_at > self.clock.now
            owed = session.scalar(
                select(func.min(Delivery.ready_at)).where(Delivery.state == DeliveryState.PLANNED, ahead)
            )
            due = [time for time in (*times.one(), owed) if time is not None and time > self.clock.now]
        return min(due, default=None)

    def ask(self, address: str, prompt_id: str) -> dict[str, Any]:
        """Send a person this question as today's, at once; return its mail."""
        now = self.clock.now
        with self.runtime.database.write() as session:
            person = Subscriber.locked(session, self.person(address).id)
            assert person is not None
            prompt = NewDelivery(
                subscriber_id=person.id,
                kind=DeliveryKind.PROMPT,
                slot=f"{now:%Y-%m-%d}",
                prompt_id=prompt_id,
                ready_at=now,
                planned_at=now,
                enqueued_at=now,
            )
            planned = Delivery.plan(session, [prompt])
            person.schedule_next(now, not_on=now.date())
        self.job_queue.enqueue_deliveries(planned)
        self.work()
        return self.mails(address)[0]

    def mails(self, to: str | None = None) -> list[dict[str, Any]]:
        """Return the mails in the mailbox, the newest first."""
        params = {"to": to} if to else {}
        found: list[dict[str, Any]] = requests.get(f"{self.office}/_local/mails", params=params, timeout=30).json()
        return found

    def reply(self, mail: dict[str, Any], words: str, **options: Any) -> dict[str, Any]:
        """Reply to a mail as a mail program would; return the webhook's answer."""
        url = f"{self.office}/_local/mails/{mail['mail_id']}/reply"
        wanted = {"words": words, "sent_at": self.clock.now.isoformat(), **options}
        answer: dict[str, Any] = requests.post(url, json=wanted, timeout=60).json()
        return answer

    def link(self, mail: dict[str, Any], path: str) -> str:
        """Return the link to this path in a mail's text."""
        found = re.search(re.escape(self.web) + re.escape(path) + r"[^\s>)]*", mail["text"])
        assert found, f"no link to {path}"
        return found.group(0)

    def join(self, address: str, **form: str) -> Browser:
        """Sign up and confirm, as a person does."""
        browser = self.browser()
        fields = {"email": address, "rhythm": "daily", "time_zone": "Europe/London", **form}
        browser.press("/subscribe", page="/", **fields)
        self.work()
        browser.press(self.link(self.mails(address)[0], "/confirm/"))
        self.work()
        return browser

    def person(self, address: str) -> Subscriber:
        with self.runtime.database.read() as session:
            found = Subscriber.with_address(session, self.keyring.address_hash(Address.parse(address)))
        assert found is not None
        return found

    def entries(self, address: str) -> list[journal.OpenEntry]:
        """Return a person's entries, opened with their key, oldest first."""
        owner = self.person(address)
        with self.runtime.database.read() as session:
            rows = Entry.between(session, owner.id, datetime(2000, 1, 1).date(), datetime(2100, 1, 1).date())
            return journal.open_entries(self.keyring, owner, rows)

    @property
    def keyring(self) -> Keyring:
        return self.runtime.keyring


@contextmanager
def open_journey_harness(database_url: str, redis_url: str, folder: Path, **settings: Any) -> Iterator[JourneyHarness]:
    """Start everything; yield the harness."""
    clock = MovableClock(START)
    with ExitStack() as stack:
        web_port = free_port()
        web = f"http://127.0.0.1:{web_port}"
        office_app = postoffice.create_app(
            folder=folder / "postoffice",
            domain="mail.smallsteps.example",
            reply_domain="reply.smallsteps.example",
            api_key="local",
            signing_key=SIGNING_KEY,
            inbound_url=f"{web}/webhooks/mailgun/inbound",
            events_url=f"{web}/webhooks/mailgun/events",
            now=clock,
        )
        office = stack.enter_context(running(office_app))
        runtime = make_runtime(_settings(web, office, database_url, redis_url, folder, settings), clock=clock)
        assert isinstance(runtime.job_queue, RqJobQueue)
        stack.callback(runtime.job_queue.connection.close)
        stack.callback(runtime.database.engine.dispose)
        app = create_app(runtime)
        stack.enter_context(running(app, web_port))
        # At the end first of all: a post that is still under way needs the server and its database.
        post_office = office_app.extensions["postoffice"]
        stack.callback(post_office.close)
        stack.callback(post_office.postman.wait_until_idle, 5.0)
        yield JourneyHarness(runtime, clock, office, web, app)


def _settings(web: str, office: str, database_url: str, redis_url: str, folder: Path, more: dict[str, Any]) -> Settings:
    values = {
        "base_url": web,
        "secret_key": "a secret of this test",
        "encryption_keys": MASTER_KEY,
        "database_url": database_url,
        "redis_url": redis_url,
        "storage_url": f"file://{folder / 'objects'}",
        "mailgun_api_url": office,
        "mailgun_api_key": "local",
        "mailgun_domain": "mail.smallsteps.example",
        "mailgun_signing_key": SIGNING_KEY,
        "mail_from": "Small Steps <hello@mail.smallsteps.example>",
        "reply_domain": "reply.smallsteps.example",
        "postal_address": "1 Example Street, Example Town",
        **more,
    }
    return Settings(_env_file=None, **values)


def free_port() -> int:
    """Return a port that nobody listens at, below those that the system gives to outgoing connections."""
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
