"""Mail that a program wrote is recorded without an entry or an answer; a person's words beside a weak sign are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.models import Outcome
from service.postoffice.route import authenticated
from tests.harness.inbound import ANA, InboundHarness, open_inbound_harness
from tests.harness.mail.posts import mail

REPORT = """Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
"""


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def mime(*parts: tuple[str, str], kind: str = "multipart/mixed", **headers: str) -> bytes:
    """Return a mail from Ana with these parts, as (content type, text)."""
    head = {"From": ANA, "To": "r-x@reply.example.org", "Message-ID": "<1@example.com>", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in head.items()]
    lines += [f"Content-Type: {kind}; boundary=b", "MIME-Version: 1.0", ""]
    for content_type, text in parts:
        lines += ["--b", f"Content-Type: {content_type}", "", text]
    return authenticated("\r\n".join([*lines, "--b--", ""]).replace("\r\n", "\n").replace("\n", "\r\n").encode())


def report(recipient: str = ANA, action: str = "failed", status: str = "5.1.1", **headers: str) -> bytes:
    machine = REPORT.format(recipient=recipient, action=action, status=status)
    head = {"From": "MAILER-DAEMON@mx.example.net", **headers}
    parts = (("text/plain", "It could not be delivered."), ("message/delivery-status", machine))
    return mime(*parts, kind="multipart/report; report-type=delivery-status", **head)


REACTION_TEXT = "👍 Ana reacted via Gmail"
AUTOMATIC_MAIL: dict[str, dict[str, Any]] = {
    "an automatic answer": {"raw": mail("Away.", Auto_Submitted="auto-replied")},
    "an out-of-office subject": {"raw": mail("I am away until Monday.").replace(b"Re: Soup", b"Out of office")},
    "precedence without a token": {"raw": mail("News.", Precedence="bulk"), "to": "hello@mail.example.org"},
    "a list without a token": {"raw": mail("News.", List_Id="<a.example>"), "to": "hello@mail.example.org"},
    "suppression without a token": {
        "raw": mail("News.", X_Auto_Response_Suppress="All"),
        "to": "hello@mail.example.org",
    },
    "an empty return path": {"raw": mail("Hello."), "envelope_sender": ""},
    "a delivery report": {"raw": report(action="delayed", status="4.4.1"), "envelope_sender": ""},
    "a read receipt": {
        "raw": mime(
            ("text/plain", "It was displayed."),
            ("message/disposition-notification", "Disposition: manual-action/MDN-sent-manually; displayed"),
            kind="multipart/report; report-type=disposition-notification",
        )
    },
    "a calendar answer": {
        "raw": mime(
            ("text/plain", "Ana accepted."),
            ("text/calendar; method=REPLY", "BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR"),
            kind="multipart/alternative",
        )
    },
    "Gmail's reaction": {
        "raw": mime(
            ("text/plain", REACTION_TEXT),
            ("text/vnd.google.email-reaction+json", '{"emoji":"x","version":1}'),
            kind="multipart/alternative",
        )
    },
    "Outlook's reaction": {"raw": mail("Ana reacted to your message:\n\n❤️")},
    "our own address": {"raw": mail("Hello.", sender="hello@mail.example.org")},
    "an address of our own domain": {"raw": mail("Hello.", sender="r-abc@reply.example.org")},
}


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "raw MIME"])
@pytest.mark.parametrize("case", AUTOMATIC_MAIL)
def test_automatic_mail_is_recorded_without_an_entry_or_an_answer(
    harness: InboundHarness, case: str, as_mime: bool
) -> None:
    reply = harness.receive(**AUTOMATIC_MAIL[case], as_mime=as_mime)
    assert reply is not None
    assert reply.outcome == Outcome.AUTO_REPLY
    assert (harness.words(), harness.answers(), harness.is_suppressed()) == ([], [], False)


@pytest.mark.parametrize(
    "headers",
    [{"Precedence": "list"}, {"List_Id": "<friends.example>"}, {"X_Auto_Response_Suppress": "All"}],
    ids=lambda headers: next(iter(headers)),
)
def test_words_with_a_token_and_a_weak_sign_are_an_unanswered_entry(
    harness: InboundHarness, headers: dict[str, Any]
) -> None:
    reply = harness.receive(mail("Soup, slowly.", **headers))
    assert reply is not None
    assert reply.outcome == Outcome.ENTRY
    assert (harness.words(), harness.answers()) == (["Soup, slowly."], [])


def test_words_above_our_quotation_are_kept_in_spite_of_an_out_of_office_subject(harness: InboundHarness) -> None:
    quoted = "\n".join(f"> {line}" for line in harness.question().splitlines())
    words = f"At last I am away from my desk.\n\nOn Monday Small Steps wrote:\n{quoted}"
    reply = harness.receive(mail(words).replace(b"Subject: Re: Soup", b"Subject: Out of office!"))
    assert reply is not None
    assert reply.outcome == Outcome.ENTRY
    assert (harness.words(), harness.answers()) == (["At last I am away from my desk."], [])


def test_words_beside_a_forwarded_invitation_are_an_entry(harness: InboundHarness) -> None:
    invitation = ("text/calendar", "BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR")
    reply = harness.receive(mime(("text/plain", "This is what I look forward to."), invitation))
    assert reply is not None
    assert reply.outcome == Outcome.ENTRY


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "raw MIME"])
def test_a_permanent_failure_reported_to_a_reply_address_suppresses_its_owners_address(
    harness: InboundHarness, as_mime: bool
) -> None:
    reply = harness.receive(report(), as_mime=as_mime, envelope_sender="")
    assert reply is not None
    assert (reply.outcome, harness.is_suppressed(), harness.answers()) == (Outcome.AUTO_REPLY, True, [])


NO_PROOF: dict[str, dict[str, Any]] = {
    "another's address": {"raw": report("ben@example.com")},
    "a temporary failure": {"raw": report(status="4.4.7")},
    "a delay": {"raw": report(action="delayed")},
    "no token of ours": {"raw": report(), "to": "hello@mail.example.org"},
    "a token that we never made": {"raw": report(), "to": f"r-{'a' * 40}@reply.example.org"},
    "a token and no report": {"raw": mail(REPORT.format(recipient=ANA, action="failed", status="5.1.1"))},
}


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "raw MIME"])
@pytest.mark.parametrize("case", NO_PROOF)
def test_a_report_does_not_suppress_the_address(harness: InboundHarness, case: str, as_mime: bool) -> None:
    harness.receive(**NO_PROOF[case], as_mime=as_mime)
    assert not harness.is_suppressed()
