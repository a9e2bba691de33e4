"""The post office against the fixtures written from the provider's papers (tests/data/mailgun/README.md)."""

import json
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from service.config import ROOT
from service.mail.inbound.inbound_mail import Post, parse_post, read_mail
from service.mail.outbound.mailer import ProviderMisconfigured
from service.mail.outbound.mailgun_responses import read_answer
from service.mail.provider_events import read_event_post
from service.mail.signature import sign
from service.postoffice.faults import KINDS, answer_texts
from service.postoffice.office import PostOffice
from service.postoffice.route import authenticated, route_form
from tests.postoffice.conftest import NOW, Webhook, send

DATA = ROOT / "tests" / "data" / "mailgun"
FIELDS = [(name, value) for name, value in json.loads((DATA / "route-fields.json").read_text())]
SIGNED = sign("signing-key", timestamp=int(NOW.timestamp()), token="t" * 50)
MAIL = b"""\
From: =?utf-8?q?Maya_Br=C3=BChl?= <maya@home.example>
Date: Sun, 3 May 2026 21:12:31 +0200
Message-Id: <CAF=abc123@mail.home.example>
Subject: Re: A window
To: r-abc@reply.example.org
Mime-Version: 1.0
Content-Type: multipart/mixed; boundary="b1"

--b1
Content-Type: text/plain

A heron, and a bus.
--b1
Content-Type: text/html

<p>A heron, and a bus.</p>
--b1
Content-Type: text/plain
Content-Disposition: attachment; filename="a.txt"

a
--b1
Content-Type: image/png
Content-Id: <part1@home.example>
Content-Disposition: inline; filename="b.png"

b
--b1--
""".replace(b"\n", b"\r\n")

# What a sender may add, and what the provider leaves out when its parsing fails.
OPTIONAL = {"Received", "Token", "stripped-signature"}


def posted(*, as_mime: bool) -> Post:
    return parse_post(*route_form(authenticated(MAIL), recipients=["r-abc@x"], signature=SIGNED, as_mime=as_mime))


def test_a_route_s_fields_have_the_documented_names() -> None:
    documented = {name for name, _ in FIELDS} - OPTIONAL
    assert documented <= {name for name, _ in posted(as_mime=False).fields}


def test_a_route_s_fields_have_no_name_the_provider_does_not_use() -> None:
    lower_case = {name for name, _ in posted(as_mime=False).fields if name.islower()}
    assert lower_case <= {name for name, _ in FIELDS}


def test_the_mime_form_leaves_out_the_parsed_bodies() -> None:
    names = {name for name, _ in posted(as_mime=True).fields}
    assert "body-mime" in names
    assert not {"body-plain", "body-html", "stripped-text", "attachment-count"} & names


def test_both_sides_read_the_same_mail_from_the_same_headers() -> None:
    ours = read_mail(posted(as_mime=False))
    documented = read_mail(parse_post("application/x-www-form-urlencoded", urlencode(FIELDS).encode()))
    for name in ("from_header", "from_address", "subject", "message_id", "sent_at", "spf", "dkim", "flag"):
        assert getattr(ours, name) == getattr(documented, name)
    assert [a.content_id for a in ours.attachments] == ["", "part1@home.example"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("delivered", "event-delivered"),
        ("failed", "event-failed-permanent"),
        ("complained", "event-complained"),
        ("unsubscribed", "event-unsubscribed"),
    ],
)
def test_an_event_has_the_documented_shape(
    client: FlaskClient, office: PostOffice, webhook: Webhook, name: str, file: str
) -> None:
    mail = send(client)
    office.happen(name, mail)
    _, ours = read_event_post(webhook.posts[-1][2])
    _, documented = read_event_post((DATA / f"{file}.json").read_bytes())
    for key in ("event", "severity"):
        assert ours.get(key) == documented.get(key)
    assert {"id", "timestamp", "recipient", "user-variables", "message"} <= ours.keys() & documented.keys()
    assert ours["message"]["headers"].keys() <= documented["message"]["headers"].keys() | {"message-id"}
    assert type(ours["timestamp"]) is type(documented["timestamp"])
    assert "<" not in ours["message"]["headers"]["message-id"]


@pytest.mark.parametrize("kind", [kind for kind, fault in KINDS.items() if not fault.closes and not fault.hang_seconds])
def test_a_fault_answers_as_the_papers_say_that_status_does(kind: str) -> None:
    documented = json.loads((DATA / "answers.json").read_text())
    fault = KINDS[kind]
    body, headers = answer_texts(fault, NOW)

    def meaning(status: int, text: str) -> str:
        try:
            outcome = read_answer(status=status, body=text.encode(), headers=headers, recipients=2, now=NOW)
        except ProviderMisconfigured:
            return "ProviderMisconfigured"
        return type(outcome).__name__

    same = [answer for answer in documented if answer["status"] == fault.status]
    assert meaning(fault.status, body) in {answer["outcome"] for answer in same}
