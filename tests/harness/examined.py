"""A service as it is in public, as far as the doctor sees it: a post office over HTTP, a DNS server, a database."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from service.config import Settings
from service.core.helplines import HelpLine, HelpLines
from service.db import Database
from service.flows.checks.doctor import Doctor
from service.flows.incoming.events.events import EVENTS
from service.flows.incoming.replies.store import INBOUND
from service.flows.outgoing.tick import CLOCK
from service.mail.dns_lookup import DnsResolver
from service.mail.outbound.mailgun_account import MailgunAccount
from service.models import Heartbeat, SendingHour
from service.postoffice.api.account import MailDomain
from service.postoffice.app import create_app
from service.postoffice.office import PostOffice
from service.postoffice.server import running
from tests.harness.clock import MovableClock
from tests.harness.people.people import NOW
from tests.harness.servers.dns_server import DnsStandIn, running_dns

BASE_URL = "https://localhost:9"
DOMAIN, REPLY_DOMAIN = "mail.example.org", "reply.example.org"
KEY = "key"
GOOD_POLICY = "v=DMARC1; p=none; rua=mailto:me@example.org"


@dataclass
class Examined:
    """The parts that a test breaks, one at a time."""

    office: PostOffice
    dns: DnsStandIn
    database: Database
    clock: MovableClock
    settings: Settings
    api_url: str
    api_key: str = KEY
    page: str = ""
    help_lines: HelpLines = field(
        default_factory=lambda: HelpLines(
            "all", "https://example.org", (HelpLine("GB", "the UK", "A line", "1", "source", "", NOW.date()),)
        )
    )

    @property
    def domain(self) -> MailDomain:
        return self.office.account.domains[DOMAIN]

    @property
    def reply_domain(self) -> MailDomain:
        return self.office.account.domains[REPLY_DOMAIN]

    def account(self) -> MailgunAccount:
        return MailgunAccount(api_key=self.api_key, api_url=self.api_url, timeout=(0.5, 0.5))

    def doctor(self) -> Doctor:
        return Doctor(
            settings=self.settings,
            database=self.database,
            account=self.account(),
            lookup=DnsResolver(["127.0.0.1"], self.dns.port, seconds=0.5).txt,
            probe=lambda _: self.page,
            help_lines=self.help_lines,
            clock=self.clock,
        )

    def statuses(self) -> dict[str, str]:
        """Return how each check stands, apart from those that are ok."""
        return {found.check: found.status.value for found in self.doctor().examine() if found.status != "ok"}

    def beat(self, name: str, ago: timedelta = timedelta(0)) -> None:
        with self.database.write() as session:
            Heartbeat.record(session, name, self.clock() - ago)

    def emails_went(self, ago: timedelta, number: int) -> None:
        with self.database.write() as session:
            SendingHour.count(session, self.clock() - ago, number)


@contextmanager
def open_examined(database_url: str, folder: Path) -> Iterator[Examined]:
    """A service at which everything is well."""
    clock = MovableClock(NOW)
    app = create_app(
        folder=folder / "postoffice",
        domain=DOMAIN,
        reply_domain=REPLY_DOMAIN,
        api_key=KEY,
        signing_key="signing",
        inbound_url=f"{BASE_URL}/webhooks/mailgun/inbound",
        events_url=f"{BASE_URL}/webhooks/mailgun/events",
        now=clock,
    )
    settings = Settings(
        _env_file=None,
        base_url=BASE_URL,
        secret_key="a secret of the tests",
        encryption_keys=base64.b64encode(b"k" * 32).decode(),
        database_url=database_url,
        mailgun_api_key=KEY,
        mailgun_domain=DOMAIN,
        mailgun_signing_key="signing",
        mail_from=f"Small Steps <hello@{DOMAIN}>",
        reply_domain=REPLY_DOMAIN,
        postal_address="1 Quiet Lane, Smalltown",
        writer_emails="me@example.org",
    )
    with ExitStack() as stack:
        office: PostOffice = app.extensions["postoffice"]
        stack.callback(office.close)
        url, dns = stack.enter_context(running(app)), stack.enter_context(running_dns())
        dns.texts = {f"_dmarc.{DOMAIN}": [GOOD_POLICY]}
        database = Database.at(database_url)
        stack.callback(database.engine.dispose)
        examined = Examined(office, dns, database, clock, settings, url)
        for name in (CLOCK, EVENTS, INBOUND):
            examined.beat(name)
        yield examined
