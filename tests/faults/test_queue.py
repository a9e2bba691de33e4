"""The queue can be emptied at any moment: whatever is due stands in the database."""

from __future__ import annotations

from datetime import timedelta

import redis

from tests.harness.journey import JourneyHarness

ANA = "ana@example.com"
BO = "bo@example.com"


def test_what_was_rung_before_the_queue_was_flushed_is_done_after_one_sweep(
    journey: JourneyHarness, redis_url: str
) -> None:
    journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    due_at = journey.person(ANA).next_prompt_at
    assert due_at is not None
    journey.clock.now = due_at
    assert journey.tick().planned == 1
    assert journey.reply(welcome, "Soup, slowly.")["status"] == 200
    journey.browser().press("/subscribe", page="/", email=BO, rhythm="daily", time_zone="Europe/London")
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    journey.work()
    assert (journey.entries(ANA), journey.mails(BO)) == ([], [])

    journey.clock.now += timedelta(seconds=46)
    assert journey.tick().enqueued_again == 3
    journey.work()
    assert [entry.words for entry in journey.entries(ANA)] == ["Soup, slowly."]
    assert [mail["subject"] for mail in journey.mails(BO)] == ["Confirm your email address"]
    assert len(journey.mails(ANA)) == 4, "confirmation, welcome, the prompt, the first receipt"


def test_what_is_rung_twice_is_done_once(journey: JourneyHarness) -> None:
    journey.join(ANA)
    due_at = journey.person(ANA).next_prompt_at
    assert due_at is not None
    journey.clock.now = due_at
    journey.tick()
    journey.clock.now += timedelta(seconds=46)
    assert journey.tick().enqueued_again == 1
    journey.work()
    assert len(journey.mails(ANA)) == 3
