"""Changing preferences, resting, resuming and stopping."""

from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from service.core.library.prompts import Library
from service.core.settings.schedule import Days, Schedule
from service.db import Database
from service.flows.people.subscription import account, confirm_signup
from service.flows.people.subscription.account import InvalidPauseDate, NothingToPause, Rest, Resting
from service.models import Consent, Delivery, DeliveryKind, Keyring, NewDelivery, SubscriberStatus
from service.models.outgoing.deliveries import delivery_claims
from tests.harness.people.people import DAY, LONDON, NOW, PLAIN, join, person, sign_up


def test_new_preferences_reschedule_the_next_emails(database: Database, keyring: Keyring, library: Library) -> None:
    sydney = Schedule(Days.of(3), time(18, 30), ZoneInfo("Australia/Sydney"))
    with database.write() as session:
        ana = join(session, keyring, library)
        account.change_preferences(
            session, ana, replace(PLAIN, schedule=sydney, muted_themes=("hurt",), help_country="AU"), NOW + DAY
        )
    with database.read() as session:
        ana = person(session, keyring)
        assert ana.schedule == sydney
        assert ana.muted_themes == ["hurt"]
        assert ana.help_country == "AU"
        assert ana.next_prompt_at is not None
        assert ana.next_prompt_at.isoformat() == "2026-05-21T08:30:00+00:00"


def test_a_later_time_does_not_cause_a_second_prompt_on_the_same_day(
    database: Database, keyring: Keyring, library: Library
) -> None:
    friday = NOW + 2 * DAY
    with database.write() as session:
        ana = join(session, keyring, library)
        prompt = NewDelivery(
            subscriber_id=ana.id, kind=DeliveryKind.PROMPT, slot="2026-05-15", ready_at=friday, planned_at=friday
        )
        Delivery.plan(session, [prompt])
        account.change_preferences(session, ana, replace(PLAIN, schedule=replace(LONDON, at=time(20, 0))), friday)
        assert ana.next_prompt_at is not None
        assert ana.next_prompt_at.date() == date(2026, 5, 18)


@pytest.mark.parametrize(
    ("length", "until_on", "next_on"),
    [
        pytest.param(Rest.SKIP_ONE, date(2026, 5, 16), date(2026, 5, 18), id="skip one: Friday's"),
        pytest.param(Rest.WEEK, date(2026, 5, 20), date(2026, 5, 20), id="a week"),
        pytest.param(Rest.TWO_WEEKS, date(2026, 5, 27), date(2026, 5, 27), id="two weeks"),
        pytest.param(Rest.MONTH, date(2026, 6, 13), date(2026, 6, 15), id="a month"),
        pytest.param(Rest.OPEN_ENDED, None, None, id="open-ended"),
        pytest.param(date(2026, 7, 1), date(2026, 7, 1), date(2026, 7, 1), id="until a date"),
    ],
)
def test_the_end_of_a_rest(
    database: Database,
    keyring: Keyring,
    library: Library,
    *,
    length: Rest | date,
    until_on: date | None,
    next_on: date | None,
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        assert account.rest(session, ana, length, NOW) == Resting(until_on)
        assert ana.status == SubscriberStatus.RESTING
        assert (ana.next_prompt_at and ana.next_prompt_at.date()) == next_on


def test_a_month_from_the_31st_ends_on_the_last_day_of_the_next_month(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        assert account.rest(session, ana, Rest.MONTH, NOW.replace(month=8, day=31)) == Resting(date(2026, 9, 30))


@pytest.mark.parametrize("until", [date(2026, 5, 13), date(2028, 6, 1)], ids=["today", "too far off"])
def test_a_rest_until_an_impossible_date_does_not_begin(
    database: Database, keyring: Keyring, library: Library, until: date
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        assert isinstance(account.rest(session, ana, until, NOW), InvalidPauseDate)
        assert ana.status == SubscriberStatus.ACTIVE


def test_resuming_needs_a_rest(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        assert not account.resume(session, ana, NOW)
        account.rest(session, ana, Rest.OPEN_ENDED, NOW)
        assert account.resume(session, ana, NOW)
        assert (ana.status, ana.resting_until_on) == (SubscriberStatus.ACTIVE, None)
        assert ana.next_prompt_at is not None


def test_stopping_ends_every_email_and_is_recorded_in_the_consent_log_once(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        assert account.stop(session, ana, NOW + DAY, source="one_click", network=b"n" * 32)
        assert not account.stop(session, ana, NOW + DAY, source="page")
        assert (ana.status, ana.next_prompt_at, ana.next_digest_at) == (SubscriberStatus.STOPPED, None, None)
        stopped = [line for line in Consent.for_address(session, ana.address_hash) if line.event == "stopped"]
        assert [(line.source, line.at) for line in stopped] == [("one_click", NOW + DAY)]


def test_a_delivery_planned_before_a_stop_cannot_be_claimed_after_it(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        welcome = Delivery.find(session, ana.id, DeliveryKind.WELCOME, "2026-05-13")
        assert welcome is not None
        account.stop(session, ana, NOW, source="page")
        session.flush()
        assert delivery_claims.claim(session, [welcome.id], lease=DAY, now=NOW) == []


def test_an_unconfirmed_subscriber_cannot_rest_or_stop(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        sign_up(session, keyring)
        ana = person(session, keyring)
        assert isinstance(account.rest(session, ana, Rest.WEEK, NOW), NothingToPause)
        assert not account.stop(session, ana, NOW, source="link")
        assert ana.status == SubscriberStatus.PENDING


def test_a_stop_ends_only_with_a_new_confirmation(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        account.stop(session, ana, NOW, source="page")
        assert isinstance(account.rest(session, ana, Rest.WEEK, NOW), NothingToPause)
        assert not account.resume(session, ana, NOW)
        confirm_signup.confirm(session, keyring, library, ana.id, NOW + DAY, source="link")
        assert ana.status == SubscriberStatus.ACTIVE
