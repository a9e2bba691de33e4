"""The list of subscribers for whoever runs the service: each with what they get, and the lines that they agreed by."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

from sqlalchemy.orm import Session

from service.db import Database
from service.models import AddressChange, Consent, Keyring, Subscriber, Suppression

COLUMNS = (
    "email",
    "status",
    "wants_questions",
    "wants_letters",
    "letters_confirmed_at",
    "confirmed_at",
    "created_at",
    "time_zone",
    "suppressed",
    "consent_lines",
)
CHUNK = 500


def export_subscribers(database: Database, keyring: Keyring) -> Iterator[str]:
    """Yield the lines of a CSV of everybody on the list (RFC 4180), the header first; times are in UTC.

    `consent_lines` is a JSON list of what its person agreed to and withdrew, oldest first. Words, and what somebody
    wrote or answered, are not in it.
    """
    yield _csv_line(COLUMNS)
    last_id = 0
    while True:
        with database.read() as session:
            people = Subscriber.after(session, last_id, CHUNK)
            lines = [_csv_line(_cells(session, keyring, person)) for person in people]
        yield from lines
        if len(people) < CHUNK:
            return
        last_id = people[-1].id


def _cells(session: Session, keyring: Keyring, person: Subscriber) -> tuple[str, ...]:
    suppression = session.get(Suppression, person.address_hash)
    lines = [
        {
            "stream": line.stream,
            "event": line.event,
            "wording": line.wording,
            "source": line.source,
            "at": line.at.isoformat(),
        }
        for line in Consent.for_addresses(session, AddressChange.hashes_of(session, person))
    ]
    return (
        keyring.address_of(person).text,
        person.status,
        _said(person.wants_questions),
        _said(person.wants_letters),
        _instant(person.letters_confirmed_at),
        _instant(person.confirmed_at),
        _instant(person.created_at),
        person.time_zone,
        suppression.reason if suppression else "",
        json.dumps(lines),
    )


def _said(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _instant(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _csv_line(cells: tuple[str, ...]) -> str:
    written = StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
