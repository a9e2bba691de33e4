"""A post office over real HTTP, and the gateway that talks to it through the real SDK."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.mail.outbound.mailgun import MailgunGateway
from service.postoffice.app import create_app
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.office import PostOffice
from service.postoffice.server import running

NOW = datetime(2026, 5, 3, 8, 0, tzinfo=UTC)
KEY = "key-of-these-tests"
DOMAIN = "mail.example.org"


@dataclass
class Provider:
    """The post office of one test: where it is, and what it has."""

    url: str
    office: PostOffice

    def mails(self) -> list[MailboxMail]:
        """Return what it accepted, oldest first."""
        return sorted(self.office.mailbox.newest_first(), key=lambda mail: mail.mail_id)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    app = create_app(
        folder=tmp_path / "postoffice",
        domain=DOMAIN,
        api_key=KEY,
        signing_key="signing-key",
        inbound_url="http://127.0.0.1:9/webhooks/mailgun/inbound",
        events_url="",
        now=lambda: NOW,
    )
    office = app.extensions["postoffice"]
    with running(app) as url:
        yield Provider(url, office)
    office.close()


@pytest.fixture
def gateway(provider: Provider) -> Iterator[MailgunGateway]:
    with MailgunGateway(api_key=KEY, domain=DOMAIN, api_url=provider.url, now=lambda: NOW) as gateway:
        yield gateway
