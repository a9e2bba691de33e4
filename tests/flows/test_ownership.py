from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from service.core.tokens import ReplyKind, ReplyToken
from service.db import Database
from service.flows.ownership import Owner, is_aligned, owner_of
from service.mail.inbound import InboundMail, Post, read_mail
from service.models import Keyring, Subscriber
from tests.flows.members import due_at
from tests.flows.people import NOW

DOMAIN = "reply.example.org"
ON = date(2026, 5, 11)


def incoming(
    headers: list[tuple[str, str]], *, recipient: str = f"hello@{DOMAIN}", sender: str = "bounces@example.com"
) -> InboundMail:
    fields = {"recipient": recipient, "sender": sender, "message-headers": json.dumps(headers), "body-plain": "Soup."}
    return read_mail(Post(tuple((name, value.encode()) for name, value in fields.items())))


def signed_by(*domains: str) -> list[tuple[str, str]]:
    return [("DKIM-Signature", f"v=1; a=rsa-sha256; d={domain}; s=k; b=x") for domain in domains]


SPF, NO_SPF = ("X-Mailgun-Spf", "Pass"), ("X-Mailgun-Spf", "Fail")
DKIM, NO_DKIM = ("X-Mailgun-Dkim-Check-Result", "Pass"), ("X-Mailgun-Dkim-Check-Result", "Fail")
FROM = ("From", "Ana <ana@example.com>")


@pytest.mark.parametrize(
    ("headers", "sender", "believed"),
    [
        pytest.param([SPF, FROM], "b@example.com", True, id="SPF for its own domain"),
        pytest.param([SPF, FROM], "b@mail.example.com", True, id="SPF for a domain below it"),
        pytest.param([SPF, FROM], "b@elsewhere.net", False, id="SPF for another domain"),
        pytest.param([SPF, FROM], "b@notexample.com", False, id="SPF for a domain that only ends alike"),
        pytest.param([NO_SPF, FROM], "b@example.com", False, id="SPF failed"),
        pytest.param([DKIM, *signed_by("example.com"), FROM], "b@list.net", True, id="one signature of its domain"),
        pytest.param([DKIM, *signed_by("evil.net"), FROM], "b@list.net", False, id="one signature of another"),
        pytest.param(
            [DKIM, *signed_by("evil.net", "example.com"), FROM], "b@list.net", False, id="two: nobody says which passed"
        ),
        pytest.param([NO_DKIM, *signed_by("example.com"), FROM], "b@list.net", False, id="the signature failed"),
        pytest.param([*signed_by("example.com"), FROM], "b@example.com", False, id="the spam filter is not set to tag"),
        pytest.param([SPF, FROM, ("From", "eve@evil.net")], "b@example.com", False, id="two From"),
        pytest.param([SPF, ("From", "ana@example.com, eve@evil.net")], "b@example.com", False, id="two senders"),
        pytest.param([NO_SPF, FROM, SPF], "b@example.com", False, id="a verdict that the sender wrote below"),
    ],
)
def test_when_a_sender_is_believed(headers: list[tuple[str, str]], sender: str, believed: bool) -> None:
    assert is_aligned(incoming(headers, sender=sender)) is believed


def owner(database: Database, keyring: Keyring, mail: InboundMail, now: datetime = NOW) -> Owner | None:
    with database.read() as session:
        return owner_of(session, keyring, mail, DOMAIN, now)


@pytest.fixture
def ana(database: Database, keyring: Keyring) -> Subscriber:
    with database.write() as session:
        return due_at(session, keyring, NOW)


def address(keyring: Keyring, subscriber_id: int) -> str:
    return f"r-{ReplyToken(ReplyKind.PROMPT, subscriber_id, 0, ON).encode(keyring.index)}@{DOMAIN}"


@pytest.mark.parametrize("header", ["To", "Cc", "Delivered-To"])
def test_a_token_is_found_in_the_headers_where_the_envelope_has_none(
    database: Database, keyring: Keyring, ana: Subscriber, header: str
) -> None:
    found = owner(database, keyring, incoming([FROM, (header, f'"Small Steps" <{address(keyring, ana.id).upper()}>')]))
    assert found is not None
    assert (found.person.id, found.on, found.is_theirs) == (ana.id, ON, True)


def test_a_token_that_was_changed_is_nobodys(database: Database, keyring: Keyring, ana: Subscriber) -> None:
    token = address(keyring, ana.id)
    forged = f"{token[:10]}{'a' if token[10] != 'a' else 'b'}{token[11:]}"
    assert owner(database, keyring, incoming([("From", "eve@evil.net")], recipient=forged)) is None


def test_a_token_at_another_domain_is_nobodys(database: Database, keyring: Keyring, ana: Subscriber) -> None:
    elsewhere = address(keyring, ana.id).replace(DOMAIN, "evil.net")
    assert owner(database, keyring, incoming([("From", "eve@evil.net")], recipient=elsewhere)) is None


@pytest.mark.parametrize(
    ("sent", "on"),
    [
        ("Tue, 12 May 2026 03:59:00 +0000", date(2026, 5, 11)),
        ("Tue, 12 May 2026 04:00:00 +0000", date(2026, 5, 12)),
        ("Fri, 01 Jan 2027 12:00:00 +0000", date(2026, 5, 13)),
        ("sometime", date(2026, 5, 13)),
    ],
    ids=["a day ends at four", "and begins there", "no day lies ahead", "without a date, today"],
)
def test_the_day_of_a_mail_without_a_token(
    database: Database, keyring: Keyring, ana: Subscriber, sent: str, on: date
) -> None:
    found = owner(database, keyring, incoming([SPF, FROM, ("Date", sent)]), datetime(2026, 5, 13, 12, tzinfo=UTC))
    assert found is not None
    assert (found.person.id, found.on, found.token) == (ana.id, on, None)
