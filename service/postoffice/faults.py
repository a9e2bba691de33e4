"""Faults that can be switched on, like those of the provider."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """How the next `times` sends are answered, with any content.

    With `accepts` the mail is accepted (stored, and reported by events) before the response
    fails. `{until}` in the body is replaced by the instant `wait_seconds` ahead, in words.
    """

    accepts: bool = False
    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    closes: bool = False
    hang_seconds: float = 0.0
    wait_seconds: float = 120.0
    times: int = 1


KINDS: Mapping[str, Fault] = {
    "rate-limit-date": Fault(status=429, body='{"message": "request limit exceeded, try again after {until}"}'),
    "rate-limit-seconds": Fault(
        status=429,
        body='{"message": "account-requests-per-sec limit exceeded, try again after {seconds} seconds"}',
    ),
    "rate-limit-header": Fault(
        status=429, body='{"message": "Too many requests"}', headers={"X-RateLimit-Reset": "{epoch}"}
    ),
    "rate-limit-silent": Fault(status=429, body='{"message": "Too many requests"}'),
    "rate-limit-retry-after": Fault(status=429, body="<html>429</html>", headers={"Retry-After": "{seconds}"}),
    "quota": Fault(
        status=420,
        body='{"message": "Domain is not allowed to send: recipient limit exceeded, try again after {until}"}',
    ),
    "no-method": Fault(status=405, body='{"message": "Method Not Allowed"}'),
    "conflict": Fault(status=409, body='{"message": "Conflict"}'),
    "media-type": Fault(status=415, body='{"message": "Unsupported Media Type"}'),
    "misdirected": Fault(status=421, body="<html>421 Misdirected Request</html>"),
    "locked": Fault(status=423, body='{"message": "Locked"}'),
    "legal": Fault(status=451, body="<html>451</html>"),
    "payment": Fault(status=402, body='{"message": "Request failed"}'),
    "large-batches": Fault(status=403, body='{"message": "Domain is not allowed to send large batches yet"}'),
    "not-allowed": Fault(status=403, body='{"message": "Domain is not allowed to send"}'),
    "unknown-domain": Fault(status=404, body='{"message": "Domain not found"}'),
    "too-large": Fault(status=413, body='{"message": "Request Entity Too Large"}'),
    "refused": Fault(status=400, body='{"message": "to parameter is not a valid address"}'),
    "error-before": Fault(status=500, body='{"message": "Internal Server Error"}'),
    "unavailable-before": Fault(status=503, body='{"message": "Service Unavailable"}'),
    "hang-before": Fault(hang_seconds=30.0, status=504),
    "error-after": Fault(accepts=True, status=502, body="<html>502 Bad Gateway</html>"),
    "close-before": Fault(closes=True),
    "close-after": Fault(accepts=True, closes=True),
    "hang-after": Fault(accepts=True, hang_seconds=30.0, status=504),
    "no-id": Fault(accepts=True, body='{"message": "Queued. Thank you."}'),
    "magnificent": Fault(body="Mailgun Magnificent API"),
}


@dataclass(slots=True)
class Quota:
    """The limit of recipients within a window; a request for more than the rest is refused as a whole."""

    recipients: int
    window: timedelta
    left: int = 0
    ends_at: datetime | None = None

    def refuses(self, recipients: int, now: datetime) -> datetime | None:
        """Return when to try again if too few recipients are left; otherwise count them and return None."""
        if self.ends_at is None or now >= self.ends_at:
            self.left, self.ends_at = self.recipients, now + self.window
        if recipients > self.left:
            return self.ends_at
        self.left -= recipients
        return None


class Faults:
    """The active faults, in the order of the sends that they meet, and the permanent limits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Remove all faults and limits."""
        with self._lock:
            self._waiting: list[Fault] = []
            self.largest_batch: int | None = None
            self.on_probation: int | None = None
            self.quota: Quota | None = None
            self.sandbox_recipients: frozenset[str] | None = None
            self.hides_events = False
            self.event_lag = timedelta(0)
            self.events_kept: timedelta | None = None
            self.record_status: int | None = None
            self.readable_events = 0
            self.account_status: int | None = None

    def add(self, kind: str, **changes: Any) -> None:
        """Add a fault for the next sends, after the faults that are waiting.

        Raises:
            KeyError, TypeError: an unknown kind, or an unknown detail of a Fault.
        """
        fault = replace(KINDS[kind], **changes)
        with self._lock:
            self._waiting += [fault] * fault.times

    def take(self) -> Fault | None:
        """Remove and return the fault for this send, or None."""
        with self._lock:
            return self._waiting.pop(0) if self._waiting else None


def answer_texts(fault: Fault, now: datetime) -> tuple[str, dict[str, str]]:
    """Return body and headers with the wait written in."""
    until = now + timedelta(seconds=fault.wait_seconds)
    words = {
        "{until}": f"{until:%a, %d %b %Y %H:%M:%S} UTC",
        "{seconds}": f"{fault.wait_seconds:.0f}",
        "{epoch}": f"{until.timestamp():.0f}",
    }
    return _written(fault.body, words), {n: _written(v, words) for n, v in fault.headers.items()}


def _written(text: str, words: Mapping[str, str]) -> str:
    for mark, value in words.items():
        text = text.replace(mark, value)
    return text
