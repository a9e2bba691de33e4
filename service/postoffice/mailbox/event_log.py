"""The provider's stored events and suppression lists."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from service.postoffice.mailbox.files import unique_name, write_atomically
from service.postoffice.mailbox.mailbox import MailboxMail

Event = Mapping[str, Any]
TABLES = {
    "bounces": "Address not found in bounces table",
    "complaints": "No spam complaints found for this address",
    "unsubscribes": "Address not found in unsubscribers table",
}
# Reason and delivery code of a send to a suppressed address (Mailgun, Events; Symfony).
SUPPRESSED = {
    "bounces": ("suppress-bounce", 605),
    "unsubscribes": ("suppress-unsubscribe", 606),
    "complaints": ("suppress-complaint", 607),
}


class EventLog:
    """All events in the order in which they were added, as JSON lines in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        # Skip a line that was truncated when the process was killed.
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self._events: list[Event] = [json.loads(line) for line in lines if line.endswith("}")]

    def note(self, *events: Event) -> None:
        """Add events and write them to the file."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)
            self._events.extend(events)

    def select(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """Return the events for which `wanted` is true, oldest first."""
        with self._lock:
            return [event for event in self._events if wanted(event)]

    def forget_all(self) -> None:
        """Delete every event."""
        with self._lock:
            self._path.unlink(missing_ok=True)
            self._events.clear()


class Suppressions:
    """The three lists of addresses to which accepted mail is not delivered."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        found = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self._tables: dict[str, dict[str, dict[str, str]]] = {
            # An earlier version stored only the date.
            name: {at: row if isinstance(row, dict) else {"created_at": row} for at, row in found.get(name, {}).items()}
            for name in TABLES
        }

    def add(self, table: str, address: str, at: datetime, error: str = "") -> None:
        """Add an address; a bounce has the text with which the receiving server refused it."""
        row = {"created_at": format_datetime(at)} | ({"code": "550", "error": error} if table == "bounces" else {})
        with self._lock:
            self._tables[table].setdefault(address.lower(), row)
            write_atomically(self._path, self._tables)

    def remove(self, table: str, address: str | None = None) -> bool:
        """Remove an address, or all addresses of a table; return whether there was any."""
        with self._lock:
            rows = self._tables[table]
            found = bool(rows) if address is None else address.lower() in rows
            if address is None:
                rows.clear()
            else:
                rows.pop(address.lower(), None)
            write_atomically(self._path, self._tables)
        return found

    def rows(self, table: str) -> Sequence[tuple[str, Mapping[str, str]]]:
        """Return (address, details) of a table, by address."""
        with self._lock:
            return sorted(self._tables[table].items())

    def table_of(self, address: str) -> str | None:
        """Return the table that has an address, or None."""
        return next((name for name, rows in self._tables.items() if address.lower() in rows), None)


def make_event(name: str, mail: MailboxMail, *, domain: str, at: datetime, **details: Any) -> Event:
    """Return an event as the provider's webhooks and events API show it.

    The message id has no `<>`; delayed and unsubscribe events have only that header.
    """
    headers = {"message-id": mail.provider_id}
    if name in {"accepted", "delivered"}:
        headers |= {"to": mail.recipient, "from": mail.sender, "subject": mail.subject}
    return {
        "id": unique_name(),
        "timestamp": at.timestamp(),
        "log-level": "error" if name == "failed" else "info",
        "event": name,
        "recipient": mail.recipient,
        "recipient-domain": mail.recipient.rpartition("@")[2],
        "domain": {"name": domain},
        "user-variables": dict(mail.variables),
        "message": {"headers": headers, "attachments": [], "size": len(mail.text) + len(mail.html)},
        "tags": [],
        **details,
    }


def is_visible(event: Event, *, now: datetime, lag: timedelta, kept: timedelta | None) -> bool:
    """Return whether the events API shows this event: the record lags, and keeps events for some days only."""
    is_kept = kept is None or event["timestamp"] >= (now - kept).timestamp()
    return is_kept and bool(event["timestamp"] <= (now - lag).timestamp())
