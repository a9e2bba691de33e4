"""Delivery reports say whose mail failed for good, and are read without harm."""

from __future__ import annotations

import pytest

from service.core.replies.classify.bounce_reports import MAX_REPORT_CHARACTERS, missing_addresses
from tests.harness.cpu import costs_less_than

# The layout of RFC 3464, appendix E, with made-up names.
REPORT = """Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 11 May 2026 09:00:00 +0000

Original-Recipient: rfc822; ana@example.com
Final-Recipient: rfc822; Ana@example.com
Action: failed
Status: 5.1.1 (bad destination mailbox address)
Diagnostic-Code: smtp; 550 5.1.1 no such
 mailbox
"""


def test_an_address_that_does_not_exist_is_named() -> None:
    assert missing_addresses(REPORT) == {"ana@example.com"}
    assert missing_addresses(REPORT.replace("\n", "\r\n")) == {"ana@example.com"}


@pytest.mark.parametrize(
    ("told", "instead"),
    [
        ("failed", "delayed"),
        ("failed", "delivered"),
        ("5.1.1", "4.2.2"),
        ("5.1.1", "5.2.2"),
        ("5.1.1", "5.7.26"),
        ("5.1.1", "5.0.0"),
        ("rfc822; Ana", "x400; Ana"),
        ("Final-", "X-"),
    ],
)
def test_anything_less_names_nobody(told: str, instead: str) -> None:
    assert missing_addresses(REPORT.replace(told, instead)) == frozenset()


def test_the_fields_of_one_recipient_do_not_speak_for_another() -> None:
    groups = "Final-Recipient: rfc822; a@example.com\nAction: failed\n\nStatus: 5.0.0\n"
    assert missing_addresses(groups) == frozenset()


@pytest.mark.parametrize("character", ["\n", ":", "a", "Final-Recipient: rfc822;\n", "\x00", "\udcff"])
def test_a_hostile_report_costs_little(character: str) -> None:
    hostile = character * (1024 * 1024)
    assert missing_addresses(hostile) == frozenset()
    assert costs_less_than(1.0, lambda: missing_addresses(hostile))
    assert MAX_REPORT_CHARACTERS < 1024 * 1024
