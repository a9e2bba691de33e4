"""The job queue on RQ: ids only, as JSON; only this module and `workers` know RQ."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from service.job_queue import BackgroundJob

SEND_QUEUE = "send"
RECEIVE_QUEUE = "receive"
JOBS_QUEUE = "jobs"
QUEUES = (SEND_QUEUE, RECEIVE_QUEUE, JOBS_QUEUE)

SEND_JOB = "workers.jobs.send_deliveries"
MAIL_REQUEST_JOB = "workers.jobs.process_mail_requests"
REPLY_JOB = "workers.jobs.process_replies"
BACKGROUND_JOBS = {job: f"workers.jobs.{job}" for job in BackgroundJob}
JOBS = (SEND_JOB, MAIL_REQUEST_JOB, REPLY_JOB, *BACKGROUND_JOBS.values())

# The number of jobs that the workers refused because they were not ours; emptying the queue server resets it.
REFUSED_JOBS_KEY = "smallsteps:refused-jobs"

IDS_A_JOB = 1000
JOB_TIMEOUT_SECONDS = 600
QUEUED_KEPT_SECONDS = 3600
CONNECT_SECONDS = 3
ANSWER_SECONDS = 3

log = structlog.get_logger()


class RqJobQueue:
    """A `JobQueue` that enqueues RQ jobs of up to a thousand ids each."""

    def __init__(self, redis_url: str) -> None:
        self.connection = connect(redis_url)
        self._queues = {name: Queue(name, connection=self.connection, serializer=JSONSerializer) for name in QUEUES}
        self._is_away = False

    def enqueue_deliveries(self, ids: Sequence[int]) -> None:
        """Enqueue deliveries to be sent."""
        self._enqueue(SEND_QUEUE, SEND_JOB, ids)

    def enqueue_mail_requests(self, ids: Sequence[int]) -> None:
        """Enqueue requests for an email that were made on a page."""
        self._enqueue(RECEIVE_QUEUE, MAIL_REQUEST_JOB, ids)

    def enqueue_replies(self, ids: Sequence[int]) -> None:
        """Enqueue incoming mail to be processed."""
        self._enqueue(RECEIVE_QUEUE, REPLY_JOB, ids)

    def enqueue_background(self, job: BackgroundJob, ids: Sequence[int]) -> None:
        """Enqueue ids for a job of the queue `jobs`."""
        self._enqueue(JOBS_QUEUE, BACKGROUND_JOBS[job], ids)

    def is_reachable(self) -> bool:
        """Return whether the queue server answers."""
        try:
            return bool(self.connection.ping())
        except RedisError:
            return False

    def waiting(self, queue: str) -> int:
        """Return how many jobs wait in a queue."""
        return self._queues[queue].count

    def count_waiting(self) -> dict[str, int] | None:
        """Return how many jobs wait in each queue, or None while the queue server does not answer."""
        try:
            return {name: queue.count for name, queue in self._queues.items()}
        except RedisError:
            return None

    def count_refused(self) -> int | None:
        """Return how many jobs the workers refused, or None while the queue server does not answer."""
        try:
            return int(self.connection.get(REFUSED_JOBS_KEY) or 0)
        except RedisError:
            return None

    def _enqueue(self, queue: str, job: str, ids: Sequence[int]) -> None:
        try:
            for start in range(0, len(ids), IDS_A_JOB):
                self._queues[queue].enqueue(
                    job,
                    list(ids[start : start + IDS_A_JOB]),
                    job_timeout=JOB_TIMEOUT_SECONDS,
                    ttl=QUEUED_KEPT_SECONDS,
                    result_ttl=0,
                    failure_ttl=0,
                )
        except RedisError as error:
            # Nothing is lost: the sweep enqueues again everything that still waits in the database.
            if not self._is_away:
                log.warning("queue.away", queue=queue, error=type(error).__name__)
            self._is_away = True
            return
        if self._is_away:
            self._is_away = False
            log.info("queue.back", queue=queue)


def connect(redis_url: str, *, blocking: bool = False) -> Redis:
    """Return a connection to the queue server; with a short timeout for pages, without one for workers."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=None if blocking else ANSWER_SECONDS,
        health_check_interval=30,
    )
