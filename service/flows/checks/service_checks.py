"""The checks of the service itself: events and replies that came, complaints, the clock, and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from service.config import Settings
from service.core.helplines import HelpLines
from service.flows.checks.account_checks import SETUP
from service.flows.checks.finding import Finding, Status, fail, ok, warn
from service.flows.incoming.events.events import EVENTS
from service.flows.incoming.replies.store import INBOUND
from service.flows.outgoing.tick import CLOCK
from service.models import DomainHour, Heartbeat, ResultDay, RoundTrip, SendingHour

HOUR: Final = timedelta(hours=1)
EVENTS_TAKE: Final = timedelta(minutes=15)
NO_REPLY_FOR: Final = timedelta(days=7)
MANY_EMAILS: Final = 50
TICKS_WITHIN: Final = timedelta(seconds=120)
# Gmail and Yahoo ask bulk senders to stay below 0.1 % and never to reach 0.3 %.
WARN_ONE_IN: Final = 1000
FAIL_THREE_IN: Final = 1000
LEAST_COMPLAINTS: Final = 3  # a single complaint on a short list says nothing
MADE_UP: Final = "example"
CLOCK_CHECK: Final = "clock"


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """What the database says about the last days.

    Heartbeats, the hours in which emails went, results, complaints, and the newest test mail.
    """

    events_at: datetime | None
    reply_at: datetime | None
    tick_at: datetime | None
    sending_hours: Sequence[tuple[datetime, int]]
    results: int
    complaints: int
    round_trip: RoundTrip | None


def read_record(session: Session, now: datetime) -> ServiceRecord:
    """Return what the checks below need from the database."""
    beats = Heartbeat.read_all(session)
    recent, older = DomainHour.total(session), ResultDay.total(session, now)
    return ServiceRecord(
        events_at=beats.get(EVENTS),
        reply_at=beats.get(INBOUND),
        tick_at=beats.get(CLOCK),
        sending_hours=SendingHour.recent(session, now),
        results=recent[0] + older[0],
        complaints=recent[1] + older[1],
        round_trip=RoundTrip.newest(session),
    )


def check_events(record: ServiceRecord, now: datetime) -> Finding:
    """Return whether events have come since emails went."""
    name = "events"
    last = f"Last signed event: {_when(record.events_at)}."
    hours = [start for start, _ in record.sending_hours if start + HOUR + EVENTS_TAKE <= now]
    if not hours or (record.events_at is not None and record.events_at >= hours[-1]):
        return ok(name, last)
    went = f"{hours[-1]:%Y-%m-%d %H:%M} UTC"
    return fail(
        name,
        f"Emails went in the hour from {went}, and no event has come since. {last}",
        f"{SETUP} Then compare MAILGUN_SIGNING_KEY with the HTTP webhook signing key in Mailgun's control panel.",
    )


def check_replies(record: ServiceRecord, now: datetime) -> Finding:
    """Return whether replies come, if enough emails went for some to be expected."""
    name = "replies"
    last = f"Last signed mail: {_when(record.reply_at)}."
    emails = sum(number for _, number in record.sending_hours)
    is_recent = record.reply_at is not None and now - record.reply_at < NO_REPLY_FOR
    if is_recent or emails < MANY_EMAILS:
        return ok(name, last)
    return warn(name, f"{last} {emails} emails went within a week.", "Reply to one of them yourself, and look again.")


def check_complaints(record: ServiceRecord) -> Finding:
    """Return whether few enough emails are called spam."""
    name = "complaints"
    text = f"{record.complaints} of {record.results} emails within 30 days were called spam."
    if record.complaints < LEAST_COMPLAINTS:
        return ok(name, text)
    fix = "Write to people who asked for it only, and less often; see `smallsteps domains paused`."
    if record.complaints * FAIL_THREE_IN >= record.results * 3:
        return fail(name, text, fix)
    return warn(name, text, fix) if record.complaints * WARN_ONE_IN >= record.results else ok(name, text)


def check_clock(record: ServiceRecord, now: datetime) -> Finding:
    """Return whether the clock process ticks."""
    if record.tick_at is not None and now - record.tick_at <= TICKS_WITHIN:
        return ok(CLOCK_CHECK, f"Last tick: {_when(record.tick_at)}.")
    return fail(CLOCK_CHECK, f"Last tick: {_when(record.tick_at)}.", "Start `smallsteps clock`.")


def check_https(settings: Settings, health: str) -> Finding:
    """Return whether the pages are served at BASE_URL over TLS; `health` is why they are not, or empty."""
    name = "https"
    if not settings.is_https and not settings.is_local:
        return fail(name, "BASE_URL is of this machine, so no link in an email works.", "Set BASE_URL to https://...")
    if health:
        fix = "Start `smallsteps web`, and see that the proxy passes requests on and has a valid certificate."
        return fail(name, f"{settings.base_url}/healthz cannot be read: {health}.", fix)
    return ok(name, f"{settings.base_url} answers.")


def check_postal_address(settings: Settings) -> Finding:
    """Return whether the postal address is a real one, as far as that can be seen."""
    name = "postal address"
    if MADE_UP in settings.postal_address.lower() and not settings.is_local:
        return fail(name, "POSTAL_ADDRESS is a made-up one.", "Write your own: the law asks for it.")
    return ok(name, "It stands at the end of every email.")


def check_backup(settings: Settings) -> Finding:
    """Return what can be said about backups: the service makes none itself, so it sees none."""
    name = "backup"
    if settings.is_local:
        return ok(name, "On this machine everything is in var/.")
    return Finding(
        name,
        Status.CANNOT_SEE,
        "The service makes no backups itself.",
        "Back up the database and STORAGE_URL every day, and ENCRYPTION_KEYS apart from them; then try to restore.",
    )


def check_help_lines(help_lines: HelpLines, settings: Settings, now: datetime) -> Finding:
    """Return whether somebody has checked the help lines within 180 days."""
    unchecked = sum(not line.is_checked(now.date()) for line in help_lines.lines)
    if not unchecked:
        return ok("help lines", "All of them have been checked.")
    text = f"{unchecked} of {len(help_lines.lines)} are unchecked, and the pages say so."
    if settings.is_local:
        return ok("help lines", text)
    return warn("help lines", text, "Read each source in templates/helplines.toml, and set `checked_on`.")


def _when(at: datetime | None) -> str:
    return "never" if at is None else f"at {at:%Y-%m-%d %H:%M} UTC"
