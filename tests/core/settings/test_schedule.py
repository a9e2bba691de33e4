"""Local times of day become instants, over every zone and every change of its clocks."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.core.settings.schedule import (
    Days,
    Rhythm,
    Schedule,
    find_zone,
    instant,
    local_date,
    next_month_slot,
    next_slot,
    slot_at,
    spoken_time,
    writing_date,
    zone_names,
)

LONDON, APIA, LORD_HOWE = ZoneInfo("Europe/London"), ZoneInfo("Pacific/Apia"), ZoneInfo("Australia/Lord_Howe")
CAIRO, SAO_PAULO = ZoneInfo("Africa/Cairo"), ZoneInfo("America/Sao_Paulo")
DAILY = Rhythm.DAILY.days

zones = st.sampled_from(zone_names()).map(ZoneInfo)
days = st.integers(1, 127).map(Days)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
schedules = st.builds(Schedule, days, times, zones)
instants = st.datetimes(datetime(2011, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))


@given(schedules, instants)
@example(Schedule(DAILY, time(0, 30), APIA), datetime(2011, 12, 29, 12, tzinfo=UTC))
@example(Schedule(DAILY, time(0, 0), CAIRO), datetime(2014, 5, 14, 12, tzinfo=UTC))
def test_a_year_of_slots_names_each_date_of_the_schedule_once_and_in_order(schedule: Schedule, after: datetime) -> None:
    slots = [next_slot(schedule, after)]
    while len(slots) < 30:
        slots.append(next_slot(schedule, slots[-1].at))
    dates = [slot.on for slot in slots]
    assert dates == sorted(set(dates))
    assert all(slot.on in schedule.days for slot in slots)
    assert all(earlier.at < later.at for earlier, later in itertools.pairwise(slots))
    wanted = {dates[0] + timedelta(n) for n in range((dates[-1] - dates[0]).days + 1)}
    missing = {on for on in wanted if on in schedule.days} - set(dates)
    assert all(_never_was(on, schedule.zone) for on in missing)


@given(schedules, instants)
def test_a_slot_is_due_at_its_wall_time_or_later_by_the_gap(schedule: Schedule, after: datetime) -> None:
    slot = next_slot(schedule, after)
    wall = slot.at.astimezone(schedule.zone).replace(tzinfo=None)
    named = datetime.combine(slot.on, schedule.at)
    assert slot.at > after
    assert timedelta(0) <= wall - named <= timedelta(hours=24)
    if wall != named:
        assert _is_skipped(named, schedule.zone)


@given(schedules, instants)
def test_the_slot_of_a_due_instant_is_the_slot_it_was_planned_for(schedule: Schedule, after: datetime) -> None:
    slot = next_slot(schedule, after)
    assert slot_at(schedule, slot.at) == slot


@given(schedules, instants)
def test_a_month_ends_once_in_every_zone(schedule: Schedule, after: datetime) -> None:
    first = next_month_slot(schedule, after)
    second = next_month_slot(schedule, first.at)
    assert first.on.day == second.on.day == 1
    assert timedelta(27) < second.on - first.on < timedelta(32)


@pytest.mark.parametrize(
    ("zone", "on", "at", "due"),
    [
        pytest.param(LONDON, date(2026, 3, 29), time(1, 30), "2026-03-29T01:30", id="a skipped hour moves an hour on"),
        pytest.param(LONDON, date(2026, 10, 25), time(1, 30), "2026-10-25T00:30", id="a repeated hour is the first"),
        pytest.param(LORD_HOWE, date(2026, 10, 4), time(2, 15), "2026-10-03T15:45", id="a gap of thirty minutes"),
        pytest.param(SAO_PAULO, date(2018, 11, 4), time(0, 0), "2018-11-04T03:00", id="a midnight that is skipped"),
    ],
)
def test_a_clock_change_is_met(zone: ZoneInfo, on: date, at: time, due: str) -> None:
    assert instant(on, at, zone) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_date_that_a_zone_never_had_has_no_slot() -> None:
    slot = next_slot(Schedule(Days.of(4), time(8), APIA), datetime(2011, 12, 28, tzinfo=UTC))
    assert slot.on == date(2012, 1, 6)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        next_slot(Schedule(DAILY, time(8), LONDON), datetime(2026, 1, 1))


def test_no_day_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Days(0)


@pytest.mark.parametrize(
    ("at", "on"),
    [
        pytest.param("2026-05-10T03:59+01:00", date(2026, 5, 9), id="before four belongs to the day before"),
        pytest.param("2026-05-10T04:00+01:00", date(2026, 5, 10), id="from four on belongs to the day"),
    ],
)
def test_a_writing_day_ends_at_four(at: str, on: date) -> None:
    assert writing_date(datetime.fromisoformat(at), LONDON) == on


@pytest.mark.parametrize("name", ["Asia/Calcutta", "Europe/Kiev", "US/Pacific", "Europe/London", "UTC"])
def test_old_and_new_names_of_zones_are_known(name: str) -> None:
    assert find_zone(name) is not None


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "localtime", "europe/london"])
def test_what_is_no_zone_is_not_found(name: str) -> None:
    assert find_zone(name) is None


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (
            Schedule(Rhythm.THREE.days, time(8), LONDON),
            "on Mondays, Wednesdays and Fridays at 8 in the morning, London time",
        ),
        (Schedule(Rhythm.SUNDAYS.days, time(18, 30), LONDON), "on Sundays at half past 6 in the evening, London time"),
        (Schedule(DAILY, time(12), ZoneInfo("America/Argentina/Buenos_Aires")), "every day at noon, Buenos Aires time"),
    ],
)
def test_a_schedule_is_said_back_in_words(schedule: Schedule, words: str) -> None:
    assert str(schedule) == words


def test_every_half_hour_has_words_of_its_own() -> None:
    said = {spoken_time(time(*divmod(minute, 60))) for minute in range(0, 24 * 60, 30)}
    assert len(said) == 48


def _is_skipped(wall: datetime, zone: ZoneInfo) -> bool:
    return instant(wall.date(), wall.time(), zone).astimezone(zone).replace(tzinfo=None) != wall


def _never_was(on: date, zone: ZoneInfo) -> bool:
    return all(local_date(instant(on, time(hour), zone), zone) != on for hour in range(24))
