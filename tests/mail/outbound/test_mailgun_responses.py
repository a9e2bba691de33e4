"""What each documented answer means, and how long it says to wait."""

import json
from datetime import timedelta
from typing import Any

import pytest

from service.config import ROOT
from service.mail.outbound.mailer import BatchTooLarge, ProviderMisconfigured, Refused
from service.mail.outbound.mailgun_responses import DEFAULT_WAIT, LONGEST_WAIT, named_wait, read_answer
from tests.harness.mail.odd_mail import NOW

ANSWERS = json.loads((ROOT / "tests" / "data" / "mailgun" / "answers.json").read_text())


@pytest.mark.parametrize("answer", ANSWERS, ids=[answer["case"] for answer in ANSWERS])
def test_each_documented_answer_means_one_thing(answer: dict[str, Any]) -> None:
    def outcome() -> object:
        return read_answer(status=answer["status"], body=answer["body"].encode(), headers={}, recipients=2, now=NOW)

    if answer["outcome"] == "ProviderMisconfigured":
        with pytest.raises(ProviderMisconfigured):
            outcome()
    else:
        assert type(outcome()).__name__ == answer["outcome"]


@pytest.mark.parametrize(
    ("words", "headers", "wait"),
    [
        ("limit exceeded, try again after Sun, 03 May 2026 08:20:00 UTC", {}, timedelta(minutes=20)),
        ("try again after 120 seconds", {"X-RateLimit-Reset": "1"}, timedelta(seconds=120)),
        ("try again after Sun, 03 May 2026 07:00:00 UTC", {}, DEFAULT_WAIT),
        ("try again after Sun, 33 May 2026 07:00:00 UTC", {}, DEFAULT_WAIT),
        ("try again after 999999999 seconds", {}, LONGEST_WAIT),
        ("try again after 99999999999999999999 seconds", {}, DEFAULT_WAIT),
        ("", {"X-RateLimit-Reset": "soon"}, DEFAULT_WAIT),
        ("", {"X-RateLimit-Reset": "1e400"}, DEFAULT_WAIT),
        ("", {"X-RateLimit-Reset": "nan"}, DEFAULT_WAIT),
        ("", {"Retry-After": "90"}, timedelta(seconds=90)),
        ("", {"Retry-After": "Sun, 03 May 2026 08:20:00 GMT"}, timedelta(minutes=20)),
        ("", {"Retry-After": "Sun, 03 May 2026 07:00:00 GMT"}, DEFAULT_WAIT),
        ("", {"Retry-After": "9" * 40}, LONGEST_WAIT),
        ("", {"Retry-After": "soon"}, DEFAULT_WAIT),
        ("", {"Retry-After": "-5"}, DEFAULT_WAIT),
        ("try again after 120 seconds", {"Retry-After": "90"}, timedelta(seconds=120)),
        ("", {}, DEFAULT_WAIT),
    ],
)
def test_a_wait_is_read_or_replaced_by_our_own(words: str, headers: dict[str, str], wait: timedelta) -> None:
    assert named_wait(words, headers, NOW) == wait


def test_a_single_mail_too_large_is_refused_for_good() -> None:
    outcome = read_answer(status=413, body=b"", headers={}, recipients=1, now=NOW)
    assert isinstance(outcome, Refused)


def test_a_reason_names_fields_and_never_quotes_an_address() -> None:
    body = json.dumps({"message": "'to' parameter is not a valid address: maya@home.example"}).encode()
    outcome = read_answer(status=400, body=body, headers={}, recipients=1, now=NOW)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "400: about address, to"


def test_the_size_that_probation_allows_is_read() -> None:
    body = json.dumps({"message": "Only 10 recipients per request is allowed on probation"}).encode()
    outcome = read_answer(status=400, body=body, headers={}, recipients=100, now=NOW)
    assert outcome == BatchTooLarge("400: on probation", 10)


@pytest.mark.parametrize("status", [402, 405, 409, 415, 421, 423, 451])
def test_an_answer_that_names_nothing_in_the_email_fails_nobody(status: int) -> None:
    with pytest.raises(ProviderMisconfigured, match=str(status)):
        read_answer(status=status, body=b"{}", headers={}, recipients=1, now=NOW)
