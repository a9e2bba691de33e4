"""No word, address or token of a person stands in plain text anywhere outside the local post office (invariant 7)."""

from __future__ import annotations

import base64
import gzip
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from sqlalchemy import make_url, text

from tests.faults.traces import traces, traces_in_files
from tests.faults.watching import files_written, rdb
from tests.harness.journey import JourneyHarness
from tests.harness.servers.servers import Postgres

ADDRESS = "zq7canary.heron@example.com"
SUBJECT = "zq7 canary subject wagtail"
WORDS = "zq7 canary words nightingale"
MIME_WORDS = "zq7 canary mime kingfisher"
LARGE_WORDS = "zq7 canary large cormorant"
STOP = "zq7 canary nickname dipper"
STEP_WORDS = "zq7 canary step sandpiper"
CANARIES = (ADDRESS, SUBJECT, WORDS, MIME_WORDS, LARGE_WORDS, STOP, STEP_WORDS)


def play(journey: JourneyHarness, snapshot: Callable[[], None]) -> list[str]:
    """Play a month, looking at the queue while jobs wait in it; return the tokens that people were sent."""
    browser = journey.browser()
    browser.press("/subscribe", page="/", email=ADDRESS, rhythm="daily", time_zone="Europe/London")
    snapshot()
    journey.work()
    browser.press(journey.link(journey.mails(ADDRESS)[0], "/confirm/"))
    snapshot()
    journey.work()
    sender = f'"{STOP}" <{ADDRESS}>'
    answers = [
        journey.reply(journey.mails(ADDRESS)[0], WORDS, sender=sender),
        journey.reply(journey.mails(ADDRESS)[0], MIME_WORDS, form="mime", client="iphone", sender=sender),
        journey.reply(journey.mails(ADDRESS)[0], f"{LARGE_WORDS} " * 20_000, sender=sender),
        journey.reply(journey.mails(ADDRESS)[0], SUBJECT, sender="someone.else@example.net"),
    ]
    assert [answer["status"] for answer in answers] == [200] * 4
    snapshot()
    journey.work()
    assert len(journey.entries(ADDRESS)) == 3
    take_a_step(journey, snapshot)
    journey.clock.now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    journey.tick()
    snapshot()
    journey.work()
    digest = journey.mails(ADDRESS)[0]
    assert "Your May" in digest["subject"]
    assert STEP_WORDS in digest["text"]
    everything = " ".join(mail["text"] + str(mail["headers"]) for mail in journey.mails(ADDRESS))
    tokens = {word.partition("@")[0].strip("<>") for word in everything.split() if "@reply." in word}
    tokens |= {journey.link(digest, "/digest/").rpartition("/")[2].strip(">.")}
    return [token.removeprefix("r-").removeprefix("s-") for token in tokens]


def take_a_step(journey: JourneyHarness, snapshot: Callable[[], None]) -> None:
    """Choose a small step in a reply, be asked about it, and say that it was taken."""
    journey.clock.now = datetime(2026, 5, 28, 12, tzinfo=UTC)
    question = journey.ask(ADDRESS, "nearly-silly")
    assert journey.reply(question, f"After I wake, I will {STEP_WORDS}.")["status"] == 200
    snapshot()
    journey.work()
    journey.clock.now = datetime(2026, 5, 31, 12, tzinfo=UTC)
    journey.tick()
    snapshot()
    journey.work()
    follow_up = next(mail for mail in journey.mails(ADDRESS) if STEP_WORDS in mail["text"])
    assert journey.reply(follow_up, "Took it")["status"] == 200
    snapshot()
    journey.work()
    assert "You took a real step" in journey.mails(ADDRESS)[0]["text"]


def flushed(journey: JourneyHarness) -> None:
    """Make a database write everything it holds in memory to its files."""
    engine = journey.runtime.database.engine
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CHECKPOINT"))


def never_compress(journey: JourneyHarness) -> None:
    """Make PostgreSQL keep long values as they are, so that they can be searched."""
    engine = journey.runtime.database.engine
    if engine.dialect.name != "postgresql":
        return
    query = (
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type IN ('bytea', 'text', 'character varying')"
    )
    with engine.begin() as connection:
        for table, column in connection.execute(text(query)).all():
            connection.execute(text(f"ALTER TABLE {table} ALTER {column} SET STORAGE EXTERNAL"))


def database_folder(journey: JourneyHarness, request: pytest.FixtureRequest) -> Path:
    url = make_url(journey.runtime.settings.database_url)
    if url.get_backend_name() == "sqlite":
        # Its folder holds the objects and the post office as well; copies of the file, its WAL and its journal are due.
        return Path(url.database or "").parent
    server: Postgres = request.getfixturevalue("postgres")
    return server.folder


def test_nothing_private_stands_anywhere_in_plain_text(
    journey: JourneyHarness,
    redis_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started, temporary = time.time() - 1, tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    never_compress(journey)
    memory: list[bytes] = []
    with redis.Redis.from_url(redis_url) as client, files_written() as written:
        secrets = [*CANARIES, *play(journey, lambda: memory.append(rdb(client)))]
    assert len(secrets) > len(CANARIES) + 3
    flushed(journey)
    logged = "".join(capfd.readouterr())
    assert "request" in logged, "the log was captured"
    assert "deliveries.sent" in logged

    folder, objects = database_folder(journey, request), tmp_path / "objects"
    assert database_traces(folder, secrets, started) == {}
    assert traces(b"".join(memory), secrets) == set()
    assert any(b"rq:job" in part for part in memory), "jobs were waiting"
    assert traces(logged.encode(), secrets) == set()
    assert traces_in_files(objects, secrets) == {}
    assert [path for path in objects.rglob("*") if path.is_file()], "the large mail went to the object store"
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
    allowed = (str(tmp_path / "postoffice"), str(objects), "/dev/null", str(folder))
    assert [path for path in written if not path.startswith(allowed) and "__pycache__" not in path] == []

    plant_in_every_store(journey, redis_url, objects, temporary)
    flushed(journey)
    assert {WORDS} in database_traces(folder, secrets, started).values()
    with redis.Redis.from_url(redis_url) as client:
        assert traces(rdb(client), secrets) == {MIME_WORDS}
    assert traces("".join(capfd.readouterr()).encode(), secrets) == {SUBJECT}
    assert traces_in_files(objects, secrets) == {"planted": {LARGE_WORDS}}
    assert traces_in_files(temporary, secrets) == {"planted": {ADDRESS}}


def database_traces(folder: Path, secrets: list[str], started: float) -> dict[str, set[str]]:
    """Return the secrets found in each of a database's files: PostgreSQL's folder with its WAL and log, or SQLite's."""
    if (folder / "data").is_dir():
        return traces_in_files(folder, secrets, newer_than=started)
    files = [*folder.glob("smallsteps.db*")]
    assert any(file.name.endswith("-wal") for file in files)
    found = {file.name: traces(file.read_bytes(), secrets) for file in files}
    return {name: names for name, names in found.items() if names}


def plant_in_every_store(journey: JourneyHarness, redis_url: str, objects: Path, temporary: Path) -> None:
    """Put a canary into each store, written in another way in each: the scan must find them all."""
    with journey.runtime.database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE planted (words TEXT)"))
        hidden = base64.b64encode(zlib.compress(WORDS.encode())).decode()
        connection.execute(text("INSERT INTO planted VALUES (:words)"), {"words": hidden})
    with redis.Redis.from_url(redis_url) as client:
        client.set("planted", zlib.compress(MIME_WORDS.encode()))
    sys.stdout.write(SUBJECT.encode().hex())
    sys.stdout.flush()
    (objects / "planted").write_bytes(gzip.compress(LARGE_WORDS.encode()))
    (temporary / "planted").write_bytes(ADDRESS.encode("utf-16-le"))
