"""The doorbell: puts ids into the queue after a commit. The database is the truth; a lost ring costs a minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

SEND_QUEUE = "send"
RECEIVE_QUEUE = "receive"
QUEUES = (SEND_QUEUE, RECEIVE_QUEUE)

SEND_JOB = "workers.jobs.send"
ACT_JOB = "workers.jobs.act"
RECEIVE_JOB = "workers.jobs.receive"
JOBS = (SEND_JOB, ACT_JOB, RECEIVE_JOB)

IDS_A_JOB = 1000
JOB_TIMEOUT_SECONDS = 600
QUEUED_KEPT_SECONDS = 3600
CONNECT_SECONDS = 3
ANSWER_SECONDS = 3

log = structlog.get_logger()


class Doorbell(Protocol):
    """Tells workers that there is something to do; a ring that is not heard is made up for by the sweep."""

    def send(self, delivery_ids: Sequence[int]) -> None:
        """Ask a worker to send these deliveries."""
        ...

    def act(self, request_ids: Sequence[int]) -> None:
        """Ask a worker to act on these requests for mail."""
        ...

    def receive(self, reply_ids: Sequence[int]) -> None:
        """Ask a worker to understand these mails."""
        ...

    def answers(self) -> bool:
        """Say whether the queue can be reached."""
        ...


class QueueDoorbell:
    """The doorbell that rings RQ: ids only, as JSON, never a word or an address."""

    def __init__(self, redis_url: str) -> None:
        self.connection = connect(redis_url)
        self._queues = {name: Queue(name, connection=self.connection, serializer=JSONSerializer) for name in QUEUES}

    def send(self, delivery_ids: Sequence[int]) -> None:
        """Ask a worker to send these deliveries."""
        self._ring(SEND_QUEUE, SEND_JOB, delivery_ids)

    def act(self, request_ids: Sequence[int]) -> None:
        """Ask a worker to act on these requests for mail."""
        self._ring(RECEIVE_QUEUE, ACT_JOB, request_ids)

    def receive(self, reply_ids: Sequence[int]) -> None:
        """Ask a worker to understand these mails."""
        self._ring(RECEIVE_QUEUE, RECEIVE_JOB, reply_ids)

    def answers(self) -> bool:
        """Say whether the queue can be reached."""
        try:
            return bool(self.connection.ping())
        except RedisError:
            return False

    def waiting(self, queue: str) -> int:
        """Return how many jobs wait in a queue."""
        return self._queues[queue].count

    def _ring(self, queue: str, job: str, ids: Sequence[int]) -> None:
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
            # Nothing is lost: the sweep rings again for whatever stands in the database.
            log.warning("doorbell.unheard", queue=queue, ids=len(ids), error=type(error).__name__)


def connect(redis_url: str, *, blocking: bool = False) -> Redis:
    """Return a connection to the queue server; a page must not wait for a silent one, a worker waits for jobs."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=None if blocking else ANSWER_SECONDS,
        health_check_interval=30,
    )
