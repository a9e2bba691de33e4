"""Reading bounces, complaints and unsubscribes from the provider's record while its webhook is silent."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from service.db import Database
from service.flows.incoming.events.events import EVENTS, record_event
from service.mail.outbound.mailer import ProviderMisconfigured, ProviderRecord, ProviderUnreachable
from service.models import Heartbeat, Keyring

POLLED = "events polled"
NAMES = ("failed", "rejected", "complained", "unsubscribed")
NONE_SEEN_FOR = timedelta(days=1)
POLLED_EVERY = timedelta(minutes=15)
# An event may appear in the record this long after it happened; events that were recorded before are skipped.
OVERLAP = timedelta(hours=1)
LOOKED_BACK = timedelta(days=3)  # used tokens, which show that an event is known, are kept for four

log = structlog.get_logger()


def webhook_is_silent(database: Database, now: datetime) -> bool:
    """Return whether no event has come by webhook for a day, or ever."""
    with database.read() as session:
        seen_at = Heartbeat.last_at(session, EVENTS)
    return seen_at is None or now - seen_at > NONE_SEEN_FOR


def poll_events(database: Database, keyring: Keyring, provider: ProviderRecord, now: datetime) -> int:
    """Record the events since the last reading, if the webhook is silent; return how many were new."""
    if not webhook_is_silent(database, now):
        return 0
    with database.read() as session:
        polled_at = Heartbeat.last_at(session, POLLED)
    if polled_at is not None and now - polled_at < POLLED_EVERY:
        return 0
    begin = max(polled_at - OVERLAP, now - LOOKED_BACK) if polled_at else now - LOOKED_BACK
    new = 0
    try:
        for event in provider.find_events(begin, now, names=NAMES):
            token = f"record {event.occurred_at:%Y-%m-%d} {event.event_id}"  # an id is unique within its day only
            with database.write() as session:
                new += record_event(session, keyring, event, token=token, now=now)
    except (ProviderMisconfigured, ProviderUnreachable) as error:
        log.warning("events.not_polled", problem=str(error))
    with database.write() as session:
        Heartbeat.record(session, POLLED, now)
    return new
