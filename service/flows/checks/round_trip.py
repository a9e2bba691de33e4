"""The round trip: a test mail to the service's own reply domain, whose event and arrival show that both ways work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from service.clock import Clock
from service.core.reply_address import address_of_trip
from service.db import Database
from service.flows.checks.account_checks import SETUP
from service.flows.checks.finding import Finding, fail, ok, warn
from service.flows.checks.service_checks import ServiceRecord
from service.mail.outbound.composer import Composer
from service.mail.outbound.mailer import Accepted, Mailer, ProviderMisconfigured, Recipient
from service.mail.provider_events import KIND_VARIABLE, ROUND_TRIP
from service.models import RoundTrip

NAME: Final = "round trip"
TEST_MAIL: Final = "test_mail"
COMES_WITHIN: Final = timedelta(minutes=10)
COUNTS_FOR: Final = timedelta(days=1)
_TEST: Final = "`smallsteps doctor --test-mail`"


class RoundTripNotBegunError(Exception):
    """The provider did not take the test mail; the message says why."""


@dataclass(frozen=True, slots=True)
class RoundTripSender:
    """Sends test mails through the gateway, as every other email goes."""

    database: Database
    composer: Composer = field(repr=False)
    mailer: Mailer
    reply_domain: str
    clock: Clock

    def send(self) -> int:
        """Send a test mail and return its id.

        Raises:
            RoundTripNotBegunError: the provider did not take it.
        """
        email = replace(self.composer.writer_mail(TEST_MAIL, {}), event_variables={KIND_VARIABLE: ROUND_TRIP})
        with self.database.write() as session:
            trip_id = RoundTrip.begin(session, self.clock())
        try:
            outcome = self.mailer.send(email, [Recipient(address_of_trip(trip_id, self.reply_domain), trip_id)])
            reason = "" if isinstance(outcome, Accepted) else outcome.reason
        except ProviderMisconfigured as error:
            reason = str(error)
        if reason:
            with self.database.write() as session:
                RoundTrip.forget(session, trip_id)
            raise RoundTripNotBegunError(f"Mailgun did not take the test mail: {reason}.")
        return trip_id

    def has_come_back(self, trip_id: int) -> bool:
        """Return whether the event of a test mail and the mail itself have come."""
        with self.database.read() as session:
            trip = RoundTrip.find(session, trip_id)
            return trip is not None and trip.is_complete


def check_round_trip(record: ServiceRecord, now: datetime, awaited: int | None) -> Finding:
    """Return what the newest test mail shows, and how old the last signed event and the last signed mail are.

    `awaited` is the id of a test mail for which nobody waits any longer.
    """
    trip = record.round_trip
    ages = f"Last signed event: {_age(record.events_at, now)}. Last mail: {_age(record.reply_at, now)}."
    if trip is None or now - trip.sent_at >= COUNTS_FOR:
        if record.events_at is None or record.reply_at is None:
            return warn(NAME, ages, f"Run {_TEST}: it sends a mail to the service itself and sees what comes back.")
        return ok(NAME, ages)
    missing = _missing(trip)
    if not missing:
        took = max(filter(None, (trip.event_at, trip.arrived_at))) - trip.sent_at
        text = f"A test mail came back after {_length(took)}. {ages}"
        return ok(NAME, text) if took <= COMES_WITHIN else warn(NAME, text, f"Run {_TEST} again in an hour.")
    text = f"Of the test mail that was sent {_age(trip.sent_at, now)}, {' and '.join(missing)}. {ages}"
    if now - trip.sent_at < COMES_WITHIN and trip.id != awaited:
        return ok(NAME, f"A test mail is under way. {ages}")
    return fail(NAME, text, f"{SETUP} See that `smallsteps web` and the workers run, then run {_TEST}.")


def _missing(trip: RoundTrip) -> list[str]:
    missing = []
    if trip.event_at is None:
        missing.append("no event has come")
    if trip.arrived_at is None:
        missing.append("the mail has not arrived")
    return missing


def _age(at: datetime | None, now: datetime) -> str:
    return "none yet" if at is None else f"{_length(now - at)} ago"


def _length(length: timedelta) -> str:
    seconds = max(0, round(length.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
