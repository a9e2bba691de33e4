"""The queue can be emptied at any moment: whatever is due stands in the database."""

from __future__ import annotations

from datetime import timedelta

import redis

from tests.journeys.stage import Stage

ANA = "ana@example.com"
BO = "bo@example.com"


def test_what_was_rung_before_the_queue_was_flushed_is_done_after_one_sweep(stage: Stage, redis_url: str) -> None:
    stage.join(ANA)
    welcome = stage.mails(ANA)[0]
    due_at = stage.person(ANA).next_prompt_at
    assert due_at is not None
    stage.clock.now = due_at
    assert stage.tick().planned == 1
    assert stage.reply(welcome, "Soup, slowly.")["status"] == 200
    stage.browser().press("/subscribe", page="/", email=BO, rhythm="daily", time_zone="Europe/London")
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    stage.work()
    assert (stage.entries(ANA), stage.mails(BO)) == ([], [])

    stage.clock.now += timedelta(seconds=46)
    assert stage.tick().rung_again == 3
    stage.work()
    assert [entry.words for entry in stage.entries(ANA)] == ["Soup, slowly."]
    assert [mail["subject"] for mail in stage.mails(BO)] == ["Confirm your emails"]
    assert len(stage.mails(ANA)) == 4, "confirmation, welcome, the prompt, the first receipt"


def test_what_is_rung_twice_is_done_once(stage: Stage) -> None:
    stage.join(ANA)
    due_at = stage.person(ANA).next_prompt_at
    assert due_at is not None
    stage.clock.now = due_at
    stage.tick()
    stage.clock.now += timedelta(seconds=46)
    assert stage.tick().rung_again == 1
    stage.work()
    assert len(stage.mails(ANA)) == 3
