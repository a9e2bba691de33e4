"""The owner of a mail is found by its token or by a proved sender."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from service.core.access.tokens import ReplyKind, ReplyToken
from service.db import Database
from service.flows.incoming.replies.owner import Owner, owner_of
from service.mail.inbound.inbound_mail import InboundMail, Post, read_mail
from service.models import Keyring, Subscriber
from tests.harness.people.members import due_at
from tests.harness.people.people import NOW

DOMAIN = "reply.example.org"
ON = date(2026, 5, 11)


def incoming(
    headers: list[tuple[str, str]], *, recipient: str = f"hello@{DOMAIN}", sender: str = "bounces@example.com"
) -> InboundMail:
    fields = {"recipient": recipient, "sender": sender, "message-headers": json.dumps(headers), "body-plain": "Soup."}
    return read_mail(Post(tuple((name, value.encode()) for name, value in fields.items())))


FROM = ("From", "Ana <ana@example.com>")
SPF = ("X-Mailgun-Spf", "Pass")
FAILED = (("X-Mailgun-Spf", "Fail"), ("X-Mailgun-Dkim-Check-Result", "Fail"))
RECEIVED = ("Received", "from mx.example.com by mxa.provider.example with ESMTP")


def find_owner(database: Database, keyring: Keyring, mail: InboundMail, now: datetime = NOW) -> Owner | None:
    with database.read() as session:
        return owner_of(session, keyring, mail, DOMAIN, now)


@pytest.fixture
def ana(database: Database, keyring: Keyring) -> Subscriber:
    with database.write() as session:
        return due_at(session, keyring, NOW)


def address(keyring: Keyring, subscriber_id: int) -> str:
    return f"r-{ReplyToken(ReplyKind.PROMPT, subscriber_id, 0, ON).encode(keyring.index)}@{DOMAIN}"


@pytest.mark.parametrize("header", ["To", "Cc", "Delivered-To"])
def test_a_token_is_found_in_the_headers_if_the_envelope_has_none(
    database: Database, keyring: Keyring, ana: Subscriber, header: str
) -> None:
    found = find_owner(
        database, keyring, incoming([FROM, (header, f'"Small Steps" <{address(keyring, ana.id).upper()}>')])
    )
    assert found is not None
    assert (found.person.id, found.on, found.is_theirs) == (ana.id, ON, True)


def test_a_changed_token_has_no_owner(database: Database, keyring: Keyring, ana: Subscriber) -> None:
    token = address(keyring, ana.id)
    forged = f"{token[:10]}{'a' if token[10] != 'a' else 'b'}{token[11:]}"
    assert find_owner(database, keyring, incoming([("From", "eve@evil.net")], recipient=forged)) is None


def test_a_token_at_another_domain_has_no_owner(database: Database, keyring: Keyring, ana: Subscriber) -> None:
    elsewhere = address(keyring, ana.id).replace(DOMAIN, "evil.net")
    assert find_owner(database, keyring, incoming([("From", "eve@evil.net")], recipient=elsewhere)) is None


@pytest.mark.parametrize(
    ("sent", "on"),
    [
        ("Tue, 12 May 2026 03:59:00 +0000", date(2026, 5, 11)),
        ("Tue, 12 May 2026 04:00:00 +0000", date(2026, 5, 12)),
        ("Fri, 01 Jan 2027 12:00:00 +0000", date(2026, 5, 13)),
        ("sometime", date(2026, 5, 13)),
    ],
    ids=["before four in the morning", "from four in the morning", "a date in the future", "an invalid date"],
)
def test_the_date_of_a_mail_without_a_token(
    database: Database, keyring: Keyring, ana: Subscriber, sent: str, on: date
) -> None:
    found = find_owner(
        database, keyring, incoming([SPF, RECEIVED, FROM, ("Date", sent)]), datetime(2026, 5, 13, 12, tzinfo=UTC)
    )
    assert found is not None
    assert (found.person.id, found.on, found.token) == (ana.id, on, None)


@pytest.mark.parametrize(
    ("verdicts", "is_theirs"),
    [
        pytest.param([*FAILED, RECEIVED], False, id="the provider says that both failed"),
        pytest.param([FAILED[0], RECEIVED], True, id="SPF alone fails when mail is forwarded"),
        pytest.param([FAILED[1], RECEIVED], True, id="DKIM alone fails when a list adds a line"),
        pytest.param([RECEIVED, *FAILED], True, id="headers that the sender wrote are ignored"),
        pytest.param([], True, id="the spam filter is not set to tag"),
    ],
)
def test_a_token_with_the_owners_address_is_accepted_unless_both_checks_failed(
    database: Database, keyring: Keyring, ana: Subscriber, verdicts: list[tuple[str, str]], is_theirs: bool
) -> None:
    found = find_owner(database, keyring, incoming([*verdicts, FROM], recipient=address(keyring, ana.id)))
    assert found is not None
    assert found.is_theirs is is_theirs
