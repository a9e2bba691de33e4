"""Real workers whose queue server is emptied, goes away and comes back, and workers that end by themselves."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from service.dispatch import RqJobQueue
from service.local.queue_server import queue_command
from service.models import Heartbeat
from service.web.monitoring.status import ALIVE_WITHIN, read_status
from tests.harness.sending import SendingHarness, open_sending_harness
from tests.workers.test_processes import PATIENCE_SECONDS, people_alone, ringing, wait_until, worker


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[SendingHarness]:
    shutil.copy(migrated_sqlite, tmp_path / "smallsteps.db")
    with open_sending_harness(f"sqlite:///{tmp_path / 'smallsteps.db'}", tmp_path, now=datetime.now(UTC)) as opened:
        yield opened


class RestartableQueue:
    """A queue server of its own, killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.command = folder, queue_command(folder)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.command.url

    def start(self) -> None:
        with (self.folder / "queue.log").open("ab") as output:
            self.process = subprocess.Popen(self.command.argv, cwd=self.folder, stdout=output, stderr=output)
        with redis.Redis.from_url(self.url) as client:
            wait_until(lambda: _answers(client))

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.fixture
def queue_server(tmp_path: Path) -> Iterator[RestartableQueue]:
    server = RestartableQueue(tmp_path / "queue")
    server.start()
    yield server
    server.kill()


def lines_of(log: Path, event: str) -> list[dict[str, object]]:
    """Return the log lines of one event; every line must be JSON, so a traceback fails the test."""
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return [line for line in lines if line["event"] == event]


def test_a_worker_outlives_a_queue_that_is_emptied_in_the_middle_of_its_job(
    harness: SendingHarness, redis_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with ringing(redis_url) as queue, worker(harness, redis_url, "workers", "send", log=log) as process:
        queue.enqueue_deliveries(people_alone(harness, 20))
        wait_until(harness.mails)
        with redis.Redis.from_url(redis_url) as client:
            client.flushall()
        wait_until(lambda: len(harness.mails()) == 20)
        queue.enqueue_deliveries(harness.plan(harness.members("last@example.com")))
        wait_until(lambda: len(harness.mails()) == 21)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert lines_of(log, "job.failed") == []


def test_a_worker_waits_for_its_queue_server_with_one_line_and_goes_on(
    harness: SendingHarness, queue_server: RestartableQueue, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with worker(harness, queue_server.url, "workers", "send", log=log):
        with ringing(queue_server.url) as queue:
            queue.enqueue_deliveries(people_alone(harness, 1))
            wait_until(harness.mails)
        queue_server.kill()
        wait_until(lambda: lines_of(log, "queue.away"))
        with harness.runtime.database.read() as session:
            seen = Heartbeat.read_all(session)
        assert [name.partition("-")[0] for name in seen] == ["send"]
        queue_server.start()
        with ringing(queue_server.url) as queue:
            queue.enqueue_deliveries(harness.plan(harness.members("last@example.com")))
            wait_until(lambda: len(harness.mails()) == 2)
    assert [line["queue"] for line in lines_of(log, "queue.away")] == ["send"]
    assert len(lines_of(log, "queue.back")) == 1


@contextmanager
def hanging_up() -> Iterator[tuple[str, list[object]]]:
    """Serve at a REDIS_URL, closing every connection at once; yield it, and the callers so far."""
    callers: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            with suppress(OSError):  # the server has been closed
                while True:
                    connection, caller = server.accept()
                    connection.close()
                    callers.append(caller)

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}", callers
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_worker_tries_again_with_one_line_until_it_is_told_to_stop(harness: SendingHarness, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with hanging_up() as (url, callers), worker(harness, url, "workers", "send", log=log) as process:
        wait_until(lambda: lines_of(log, "queue.away"))
        tries = len(callers)
        wait_until(lambda: len(callers) >= 3 * tries)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert len(lines_of(log, "queue.away")) == 1


def test_a_worker_that_ends_by_itself_ends_with_1_and_one_line_without_words(
    harness: SendingHarness, redis_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    place = "workers.worker:Worker._take"
    with worker(harness, redis_url, "tests.workers.failing_at", place, "send", log=log) as process:
        assert process.wait(PATIENCE_SECONDS) == 1
    [ended] = lines_of(log, "worker.ended")
    assert (ended["queue"], ended["error"]) == ("send", "LookupError")
    assert "soup" not in log.read_text("utf-8")


@pytest.mark.parametrize(
    ("ending", "problem"), [(signal.SIGKILL, "send.late"), (signal.SIGTERM, "send.missing")], ids=["killed", "told"]
)
def test_the_status_misses_a_worker_that_has_ended(
    harness: SendingHarness, redis_url: str, ending: signal.Signals, problem: str
) -> None:
    def problem_of_senders() -> list[str]:
        found = read_status(harness.runtime, is_writable=True).problems
        return [each for each in found if each.startswith("send.")]

    assert problem_of_senders() == ["send.missing"]
    with worker(harness, redis_url, "workers", "send") as process:
        wait_until(lambda: _heartbeats(harness))
        harness.clock.now = max(_heartbeats(harness).values())
        assert problem_of_senders() == []
        process.send_signal(ending)
        process.wait(PATIENCE_SECONDS)
    newest = max(_heartbeats(harness).values(), default=harness.clock.now)
    harness.clock.now = newest + ALIVE_WITHIN + timedelta(seconds=1)
    assert problem_of_senders() == [problem]


def _heartbeats(harness: SendingHarness) -> dict[str, datetime]:
    with harness.runtime.database.read() as session:
        return Heartbeat.read_all(session)


def test_what_enqueues_logs_one_line_while_the_server_is_away(
    queue_server: RestartableQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    queue_server.kill()
    queue = RqJobQueue(queue_server.url)
    for _ in range(3):
        queue.enqueue_deliveries([1])
    queue_server.start()
    queue.enqueue_deliveries([1])
    queue.connection.close()
    said = capsys.readouterr().out
    assert (said.count("queue.away"), said.count("queue.back")) == (1, 1)
