"""A post office of the test's own, and a webhook that answers as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient

from service.postoffice.app import create_app
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.office import PostOffice
from service.postoffice.server import running

NOW = datetime(2026, 5, 3, 8, 0, tzinfo=UTC)
DOMAIN = "mail.example.org"
AUTH = ("api", "key-of-these-tests")


@dataclass
class Webhook:
    """The service's webhooks, as far as the post office sees them."""

    url: str = ""
    status: int = 200
    posts: list[tuple[str, str, bytes]] = field(default_factory=list)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook, app = Webhook(), Flask("webhook")

    @app.post("/<path:path>")
    def take(path: str) -> Response:
        hook.posts.append((path, request.content_type or "", request.get_data()))
        return Response(status=hook.status)

    with running(app) as hook.url:
        yield hook


@pytest.fixture
def app(tmp_path: Path, webhook: Webhook) -> Iterator[Flask]:
    app = make_app(tmp_path, webhook)
    yield app
    app.extensions["postoffice"].close()


@pytest.fixture
def office(app: Flask) -> PostOffice:
    office: PostOffice = app.extensions["postoffice"]
    return office


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def make_app(folder: Path, webhook: Webhook) -> Flask:
    return create_app(
        folder=folder,
        domain=DOMAIN,
        api_key=AUTH[1],
        signing_key="signing-key",
        inbound_url=f"{webhook.url}/webhooks/mailgun/inbound",
        events_url=f"{webhook.url}/webhooks/mailgun/events",
        now=lambda: NOW,
    )


def send(client: FlaskClient, **fields: object) -> MailboxMail:
    """Send one mail through the API, wait until its delivery is told of, and return it."""
    form = {
        "from": "Small Steps <hello@mail.example.org>",
        "to": "maya@home.example",
        "subject": "A window",
        "text": "Phone face down, two minutes at a window.\n\nWhat went past?\n\nStop: https://s.example/1\n",
        "html": "<html><body><h1>What went past?</h1><p>Phone face down.</p></body></html>",
        "h:Reply-To": "r-abc@reply.example.org",
        "v:delivery": "42",
    } | fields
    answer = client.post(f"/v3/{DOMAIN}/messages", data=form, auth=AUTH)
    assert answer.status_code == 200, answer.text
    office: PostOffice = client.application.extensions["postoffice"]
    assert office.postman.wait_until_idle(10)
    return next(office.mailbox.newest_first())
