"""Lists as five services export them, read by the names of their columns."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.config import ROOT
from service.core.list_import import ListFileError, ListService, ListStanding, read_list

LISTS = ROOT / "tests" / "data" / "lists"
NOW = datetime(2026, 5, 13, 9, 0, tzinfo=UTC)
CONFIRMED = datetime(2023, 1, 4, 10, 0, 15, tzinfo=UTC)


def standings(name: str, service: ListService) -> dict[str, tuple[ListStanding, datetime | None]]:
    found = read_list((LISTS / f"{name}.csv").read_bytes(), service, NOW)
    return {person.address.text: (person.standing, person.at) for person in found.people}


@pytest.mark.parametrize(
    ("name", "service", "wanted"),
    [
        (
            "mailchimp",
            "mailchimp",
            {"ana": (ListStanding.SUBSCRIBED, CONFIRMED), "ben": (ListStanding.SUBSCRIBED, None)},
        ),
        (
            "mailchimp-unsubscribed",
            "mailchimp",
            {"cleo": (ListStanding.STOPPED, datetime(2023, 6, 1, 10, tzinfo=UTC))},
        ),
        (
            "mailchimp-cleaned",
            "mailchimp",
            {"dan": (ListStanding.BOUNCED, datetime(2023, 6, 1, 10, 5, tzinfo=UTC))},
        ),
        ("substack", "substack", {"ana": (ListStanding.SUBSCRIBED, None), "ben": (ListStanding.LEFT_OUT, None)}),
        *(
            (
                name,
                name,
                {
                    "ana": (ListStanding.SUBSCRIBED, None),
                    "ben": (ListStanding.LEFT_OUT, None),
                    "cleo": (ListStanding.LEFT_OUT, None),
                },
            )
            for name in ("ghost", "listmonk", "buttondown")
        ),
    ],
)
def test_each_service_s_columns_say_how_somebody_stands(
    name: str, service: str, wanted: dict[str, tuple[ListStanding, datetime | None]]
) -> None:
    found = standings(name, ListService(service))
    assert found == {f"{person}@example.com": standing for person, standing in wanted.items()}


def test_rows_that_repeat_an_address_or_hold_none_are_said_by_line() -> None:
    found = read_list((LISTS / "mailchimp.csv").read_bytes(), ListService.MAILCHIMP, NOW)
    assert (found.repeated, found.unreadable_lines) == (1, (6,))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no column"),
        (b"\xff\xfe\x00", "not text"),
        (b"PK\x03\x04\x14\x00", "Unpack it"),
        (b'email,created_at,email_disabled\n"ana', "not CSV"),
        ((LISTS / "ghost.csv").read_bytes(), "no column .email_disabled."),
    ],
    ids=["empty", "not UTF-8", "a zip", "an open quotation mark", "another service's list"],
)
def test_what_is_no_such_list_is_refused_in_one_sentence(data: bytes, said: str) -> None:
    with pytest.raises(ListFileError, match=said):
        read_list(data, ListService.SUBSTACK, NOW)


@pytest.mark.parametrize("at", ["soon", "2027-01-01 00:00:00", "1970-01-01 00:00:00", ""])
def test_a_time_that_cannot_be_proves_no_confirmation(at: str) -> None:
    data = f"Email Address,OPTIN_TIME,CONFIRM_TIME\nana@example.com,,{at}\n".encode()
    [person] = read_list(data, ListService.MAILCHIMP, NOW).people
    assert (person.standing, person.at) == (ListStanding.SUBSCRIBED, None)


@settings(max_examples=50)
@given(st.binary(max_size=200), st.sampled_from(ListService))
def test_any_bytes_are_a_list_or_are_refused(data: bytes, service: ListService) -> None:
    header = b"Email Address,OPTIN_TIME,email,created_at,email_disabled,subscribed_to_emails,deleted_at,status,"
    with suppress(ListFileError):
        read_list(header + b"subscriber_type,subscription_date,unsubscription_date\n" + data, service, NOW)
