"""Lists of subscribers as other services export them: five kinds of CSV, told by their columns."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from service.core.addresses import Address, AddressError

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)  # no such service is older, so an earlier time counts as none
MAX_FIELD_CHARACTERS = 1_000_000
_ZIP: Final = b"PK\x03\x04"


class ListService(StrEnum):
    """The services whose lists can be read."""

    MAILCHIMP = "mailchimp"
    SUBSTACK = "substack"
    GHOST = "ghost"
    LISTMONK = "listmonk"
    BUTTONDOWN = "buttondown"


class ListStanding(StrEnum):
    """How somebody stands on the other service's list."""

    SUBSCRIBED = "subscribed"
    LEFT_OUT = "left out"
    STOPPED = "stopped"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """One row of a list. `at` (UTC) is when they confirmed, stopped or bounced, or None where the list does not say."""

    address: Address = field(repr=False)
    standing: ListStanding
    at: datetime | None


@dataclass(frozen=True, slots=True)
class SubscriberList:
    """What a file holds: its people in order, the first row of each address, and the lines that hold no address.

    `repeated` is how many rows had the address of an earlier one.
    """

    people: tuple[ListedPerson, ...] = field(repr=False)
    unreadable_lines: tuple[int, ...] = ()
    repeated: int = 0

    def count(self, standing: ListStanding) -> int:
        """Return how many people stand so on the list."""
        return Counter(person.standing for person in self.people)[standing]


class ListFileError(ValueError):
    """The file is not a list of this service; the message says what is wrong in one sentence, and quotes nothing."""


def read_list(data: bytes, service: ListService, now: datetime) -> SubscriberList:
    """Return the people of a list, read by the names of its columns; names, networks, ratings and tags are not read.

    A time that is unreadable, or later than `now`, counts as none.

    Raises:
        ListFileError: the file is not text, not CSV, or lacks the columns of this service's lists.
    """
    rows = _rows(data)
    _, header = next(rows, (0, {}))
    columns = _COLUMNS[service]
    if missing := [name for name in columns.needed if name not in header]:
        listed = ", ".join(f"“{name}”" for name in missing)
        raise ListFileError(f"This is not a list from {service.capitalize()}: it has no column {listed}")
    people: dict[str, ListedPerson] = {}
    unreadable, repeated = [], 0
    for line, row in rows:
        try:
            address = Address.parse(row.get(columns.address, ""))
        except AddressError:
            unreadable.append(line)
            continue
        if address.text in people:
            repeated += 1
            continue
        standing, at = columns.standing(row)
        people[address.text] = ListedPerson(address, standing, _instant(at, now))
    return SubscriberList((*people.values(),), (*unreadable,), repeated)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of one service: that of the address, all that must be there, and what a row says."""

    address: str
    needed: tuple[str, ...]
    standing: Callable[[Mapping[str, str]], tuple[ListStanding, str]]


def _mailchimp(row: Mapping[str, str]) -> tuple[ListStanding, str]:
    # Mailchimp exports those who unsubscribed and those whose address bounced as files of their own.
    if "UNSUB_TIME" in row:
        return ListStanding.STOPPED, row["UNSUB_TIME"]
    if "CLEAN_TIME" in row:
        return ListStanding.BOUNCED, row["CLEAN_TIME"]
    return ListStanding.SUBSCRIBED, row.get("CONFIRM_TIME", "")


def _substack(row: Mapping[str, str]) -> tuple[ListStanding, str]:
    return ListStanding.LEFT_OUT if _is_true(row["email_disabled"]) else ListStanding.SUBSCRIBED, ""


def _ghost(row: Mapping[str, str]) -> tuple[ListStanding, str]:
    gets_emails = _is_true(row["subscribed_to_emails"]) and not row["deleted_at"].strip()
    return ListStanding.SUBSCRIBED if gets_emails else ListStanding.LEFT_OUT, ""


def _listmonk(row: Mapping[str, str]) -> tuple[ListStanding, str]:
    return ListStanding.SUBSCRIBED if row["status"].strip().lower() == "enabled" else ListStanding.LEFT_OUT, ""


def _buttondown(row: Mapping[str, str]) -> tuple[ListStanding, str]:
    is_regular = row["subscriber_type"].strip().lower() == "regular" and not row["unsubscription_date"].strip()
    return ListStanding.SUBSCRIBED if is_regular else ListStanding.LEFT_OUT, ""


# Only Mailchimp's files say when somebody confirmed; the others say when an address was added, which proves nothing.
_COLUMNS: Final[Mapping[ListService, _Columns]] = {
    ListService.MAILCHIMP: _Columns("Email Address", ("Email Address", "OPTIN_TIME"), _mailchimp),
    ListService.SUBSTACK: _Columns("email", ("email", "created_at", "email_disabled"), _substack),
    ListService.GHOST: _Columns("email", ("email", "subscribed_to_emails", "created_at", "deleted_at"), _ghost),
    ListService.LISTMONK: _Columns("email", ("email", "status", "created_at"), _listmonk),
    ListService.BUTTONDOWN: _Columns(
        "email", ("email", "subscriber_type", "subscription_date", "unsubscription_date"), _buttondown
    ),
}


def _rows(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the header as the first row, each name to itself, then each row with the number of the line it ends on."""
    if data.startswith(_ZIP):  # as Mailchimp and Substack export them
        raise ListFileError("This file is a zip. Unpack it, and bring the CSV files in it one by one")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ListFileError("This file is not text in UTF-8. Export it again as CSV") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    was = csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        header: list[str] | None = None
        for cells in reader:
            if header is None:
                header = [name.strip() for name in cells]
                yield reader.line_num, {name: name for name in header}
            elif any(cells):
                yield reader.line_num, dict(zip(header, [*cells, *[""] * len(header)], strict=False))
    except csv.Error:
        raise ListFileError(f"Line {reader.line_num} of this file is not CSV. Export it again as CSV") from None
    finally:
        csv.field_size_limit(was)


def _is_true(text: str) -> bool:
    return text.strip().lower() in {"true", "1", "yes", "t"}


def _instant(text: str, now: datetime) -> datetime | None:
    """Return a time of a list, which is in UTC where it names no zone, or None."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at if EARLIEST <= at <= now else None
