"""Mail that a program wrote is told from mail that a person wrote."""

from __future__ import annotations

import pytest

from service.core.automatic import Author, author

OWN = ["hello@mail.example"]


def _author(*headers: tuple[str, str], envelope: str = "ana@example.com", sender: str = "ana@example.com") -> Author:
    return author(headers, envelope_sender=envelope, from_address=sender, own=OWN)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(("Auto-Submitted", "auto-replied"), id="an out-of-office answer"),
        pytest.param(("Auto-Submitted", "auto-generated; type=x"), id="a generated mail"),
        pytest.param(("Content-Type", 'multipart/report; report-type="delivery-status"'), id="a delivery report"),
        pytest.param(("Content-Type", "text/calendar; method=REPLY"), id="a calendar answer"),
        pytest.param(("X-Failed-Recipients", "x@example.com"), id="a bounce without a report"),
    ],
)
def test_a_program_is_known_by_one_header(header: tuple[str, str]) -> None:
    assert _author(header) is Author.PROGRAM


def test_nobody_sends_with_an_empty_return_path() -> None:
    assert _author(envelope="<>") is Author.PROGRAM
    assert _author(envelope="") is Author.PROGRAM


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@example.com", "no-reply@example.com", "hello@mail.example"])
def test_daemons_and_our_own_mail_are_programs(sender: str) -> None:
    assert _author(sender=sender) is Author.PROGRAM


@pytest.mark.parametrize(
    "header", [("List-Id", "<friends.example>"), ("Precedence", "bulk"), ("X-Auto-Response-Suppress", "All")]
)
def test_weak_signs_leave_a_doubt(header: tuple[str, str]) -> None:
    assert _author(header) is Author.PERHAPS_PROGRAM


def test_a_plain_mail_is_a_person_s() -> None:
    assert _author(("Auto-Submitted", "no"), ("Content-Type", "text/plain")) is Author.PERSON
