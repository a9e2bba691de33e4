"""A person erases everything: afterwards nothing of theirs stands in database, objects, queue or log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import make_url, select

from service.models import Entry, Subscriber, Tombstone, WrappedDataKey
from tests.faults.traces import traces, traces_in_files
from tests.harness.journey import JourneyHarness

ADDRESS = "zq8canary.heron@example.com"
WORDS = "zq8 canary words nightingale"
LARGE_WORDS = "zq8 canary large cormorant"
SECRETS = (ADDRESS, WORDS, LARGE_WORDS)


def test_somebody_erases_everything_and_nothing_of_it_is_left(
    journey: JourneyHarness, redis_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    browser = journey.browser()
    browser.press("/subscribe", page="/", email=ADDRESS, rhythm="daily", time_zone="Europe/London")
    journey.work()
    browser.press(journey.link(journey.mails(ADDRESS)[0], "/confirm/"))
    journey.work()
    question = journey.mails(ADDRESS)[0]
    assert journey.reply(question, WORDS)["status"] == 200
    assert journey.reply(question, f"{LARGE_WORDS} " * 20_000)["status"] == 200
    journey.work()
    assert len(journey.entries(ADDRESS)) == 2
    objects = tmp_path / "objects"
    assert [*objects.rglob("replies/*")], "the large mail is in the object store"
    key = wrapped_key(journey)

    browser.press("/erase/sure")
    journey.work()
    goodbye = journey.mails(ADDRESS)[0]
    assert goodbye["subject"] == "Goodbye, and the way back"
    assert journey.reply(goodbye, WORDS)["status"] == 200
    journey.work()
    assert len(journey.entries(ADDRESS)) == 3, "a reply within the day is kept, and takes nothing back"

    journey.clock.now += timedelta(hours=25)
    journey.tick()
    journey.work()

    with journey.runtime.database.read() as session:
        assert session.scalars(select(Subscriber.id)).all() == []
        assert session.scalars(select(Entry.id)).all() == []
        assert len(session.scalars(select(Tombstone.id_hash)).all()) == 1
    assert [path.parent.name for path in objects.rglob("*") if path.is_file()] == ["tombstones"]
    assert traces_in_files(objects, SECRETS) == {}
    with redis.Redis.from_url(redis_url) as client:
        queued = b"".join(client.dump(name) or b"" for name in client.scan_iter())
    assert traces(queued, SECRETS) == set()
    logged = "".join(capfd.readouterr())
    assert "subscriber.erased" in logged
    assert traces(logged.encode(), SECRETS) == set()
    url = make_url(journey.runtime.settings.database_url)
    if url.get_backend_name() == "sqlite":
        database = Path(url.database or "")
        content = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
        assert key not in content, "the key's row is overwritten, and the write-ahead log is empty"
        assert traces(content, SECRETS) == set()
    assert journey.reply(question, WORDS)["status"] == 406


def wrapped_key(journey: JourneyHarness) -> bytes:
    with journey.runtime.database.read() as session:
        return session.scalars(select(WrappedDataKey.wrapped)).one()
