"""Jobs that somebody else wrote into the queue: none of them runs, and our own jobs still do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from rq import Queue
from rq.serializers import DefaultSerializer, JSONSerializer
from structlog.testing import capture_logs

from service.dispatch import RECEIVE_QUEUE, REPLY_JOB, SEND_JOB, SEND_QUEUE
from service.job_queue import BackgroundJob
from tests.harness.journey import JourneyHarness, open_journey_harness
from workers.worker import work

CASES = json.loads((Path(__file__).parent.parent / "data" / "attacks" / "foreign_jobs.json").read_text("utf-8"))


@pytest.fixture
def harness(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[JourneyHarness]:
    with open_journey_harness(database_url, redis_url, tmp_path) as opened:
        yield opened


def enqueue(redis_url: str, queue: str, job: str, *, fields: dict[str, Any] | None = None, **options: Any) -> None:
    """Write a job into the queue as somebody with its password could."""
    with redis.Redis.from_url(redis_url) as connection:
        serializer = options.pop("serializer", JSONSerializer)
        made = Queue(queue, connection=connection, serializer=serializer).enqueue(job, **options)
        if fields:
            connection.hset(made.key, mapping=fields)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rule"])
def test_a_foreign_job_is_refused_counted_and_logged_without_its_name(
    harness: JourneyHarness, redis_url: str, tmp_path: Path, case: dict[str, Any]
) -> None:
    mark = tmp_path / "ran"
    args = json.loads(json.dumps(case["args"]).replace("MARK", str(mark)))
    enqueue(redis_url, case["queue"], case["function"], args=args, kwargs=case.get("kwargs", {}))
    with capture_logs() as lines:
        work(harness.runtime, case["queue"], burst=True)
    assert not mark.exists()
    assert harness.job_queue.count_refused() == 1
    assert [line for line in lines if line["event"] == "job.refused"] == [
        {"event": "job.refused", "queue": case["queue"], "refused": 1, "log_level": "error"}
    ]
    with redis.Redis.from_url(redis_url) as connection:
        assert not list(connection.scan_iter("rq:job:*"))
        assert connection.llen(f"rq:queue:{case['queue']}:intermediate") == 0


def test_a_pickled_job_is_refused(harness: JourneyHarness, redis_url: str, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    enqueue(redis_url, SEND_QUEUE, "os.mkdir", args=(str(mark),), serializer=DefaultSerializer)
    work(harness.runtime, SEND_QUEUE, burst=True)
    assert not mark.exists()
    assert harness.job_queue.count_refused() == 1


@pytest.mark.parametrize("field", ["success_callback_name", "failure_callback_name", "stopped_callback_name"])
def test_a_callback_that_a_job_of_ours_names_is_never_imported(
    harness: JourneyHarness, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    mark = tmp_path / "imported"
    (tmp_path / "planted.py").write_text(f"open({str(mark)!r}, 'w').close()\ndef run(*_): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    enqueue(redis_url, SEND_QUEUE, SEND_JOB, args=([1],), fields={field: "planted.run"})
    work(harness.runtime, SEND_QUEUE, burst=True)
    assert not mark.exists()
    assert harness.job_queue.count_refused() == 0


def test_after_a_foreign_job_the_worker_does_its_own(harness: JourneyHarness, redis_url: str) -> None:
    enqueue(redis_url, RECEIVE_QUEUE, "os.getcwd")
    enqueue(redis_url, RECEIVE_QUEUE, REPLY_JOB, args=([1],))
    work(harness.runtime, RECEIVE_QUEUE, burst=True)
    assert harness.job_queue.count_refused() == 1
    assert harness.job_queue.waiting(RECEIVE_QUEUE) == 0


def test_every_job_that_we_enqueue_is_on_the_list(harness: JourneyHarness) -> None:
    harness.job_queue.enqueue_deliveries([1, 2**63 - 1])
    harness.job_queue.enqueue_mail_requests([1])
    harness.job_queue.enqueue_replies([1])
    for job in BackgroundJob:
        harness.job_queue.enqueue_background(job, [1])
    harness.work()
    assert harness.job_queue.count_refused() == 0
