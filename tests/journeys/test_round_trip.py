"""A test mail of the doctor goes out as every email does, and comes back as an event and as incoming mail."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from service.models import DomainHour, Reply, RoundTrip, Suppression
from tests.harness.journey import JourneyHarness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AT_MOST_SECONDS = 30


def test_a_test_mail_comes_back_by_both_webhooks_and_nothing_else_is_kept_of_it(journey: JourneyHarness) -> None:
    sender = journey.runtime.round_trip_sender()
    trip_id = sender.send()
    deadline = time.monotonic() + AT_MOST_SECONDS
    while not sender.has_come_back(trip_id) and time.monotonic() < deadline:
        journey.work()
    assert sender.has_come_back(trip_id)
    with journey.runtime.database.read() as session:
        trip = session.get_one(RoundTrip, trip_id)
        assert (trip.event_at, trip.arrived_at) == (journey.clock(), journey.clock())
        [reply] = session.scalars(select(Reply))
        assert (reply.outcome, reply.has_raw, reply.subscriber_id) == ("test", False, None)
        assert DomainHour.total(session) == (0, 0)
        assert session.scalars(select(Suppression)).all() == []
