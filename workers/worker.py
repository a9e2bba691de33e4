"""The worker class: RQ's in-process worker with its own loop, which survives a restart of the queue server.

A job is a chunk of a thousand deliveries or a few mails, so a fork for each job would only open the database and
provider connections again; parsing, which must be killable, runs in a separate child process (decision 0017).
"""

from __future__ import annotations

import time
from contextlib import nullcontext, suppress

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout, StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from rq.worker import WorkerStatus

from service.dispatch import JOB_TIMEOUT_SECONDS, REFUSED_JOBS_KEY, SEND_QUEUE, connect
from service.runtime import Runtime
from workers import worker_parts
from workers.allowed_job import AllowedJob
from workers.heartbeat import WorkerHeartbeat

# How long one request for a job waits. The connection times out 25 seconds later, so a server that disappears is
# noticed within 40 seconds.
WAIT_SECONDS = 15
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 5.0

log = structlog.get_logger()


class Worker(SimpleWorker):
    """Works in this process; on SIGTERM the current job releases what it has not handed over, and ends."""

    def __init__(self, queue_name: str, connection: Redis) -> None:
        queue = Queue(queue_name, connection=connection, serializer=JSONSerializer, job_class=AllowedJob)
        super().__init__(
            [queue],
            connection=connection,
            serializer=JSONSerializer,
            job_class=AllowedJob,
            worker_ttl=WAIT_SECONDS + 15,
            prepare_for_work=False,  # it would contact the queue server, which may be down
        )
        self.queue = queue
        self._pause_seconds = 0.0

    def run(self, *, burst: bool = False) -> None:
        """Work until told to stop or, in a burst, until the queue is empty.

        If the queue server is down, this waits for it, with one log line at the start and one at the end.

        Raises:
            RedisError: the queue server is down, in a burst.
        """
        self._install_signal_handlers()  # type: ignore[no-untyped-call] # RQ types some of it
        with suppress(StopRequested):
            while not worker_parts.stopping():
                try:
                    job = self._take(burst=burst)
                except RedisError as error:
                    if burst:
                        raise
                    self._wait_for_server(error)
                    continue
                self._note_server_is_back()
                if job is not None:
                    self.execute_job(job, self.queue)
                elif burst:
                    return

    def execute_job(self, job: Job, queue: Queue) -> None:  # noqa: ARG002 - RQ's signature
        """Run a job of the service; if it does not finish, the database still has the rest of its work."""
        self._state = WorkerStatus.BUSY
        try:
            with self.death_penalty_class(JOB_TIMEOUT_SECONDS, JobTimeoutException, job_id=job.id):
                job.func(*job.args)
        finally:
            self._state = WorkerStatus.IDLE

    def handle_warm_shutdown_request(self) -> None:
        """Tell the current job not to claim or hand over anything more."""
        worker_parts.stop()

    def _shutdown(self) -> None:
        """Stop waiting for a job, without RQ's write to the queue server in the middle of a job."""
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested

    def _take(self, *, burst: bool) -> Job | None:
        """Remove and return the next job of the service, or None if there is none for a while.

        Every other job is removed, counted, and logged without its name.
        """
        if self.should_run_maintenance_tasks:
            self.run_maintenance_tasks()  # type: ignore[no-untyped-call] # likewise
        while True:
            try:
                job_id, job = self._dequeue(None if burst else WAIT_SECONDS)
            except DequeueTimeout:
                return None
            if job_id is None:
                return None
            with suppress(RedisError):  # the job is already taken, and runs in any case
                self.queue.intermediate_queue.remove(job_id)
                self.connection.delete(AllowedJob.key_for(job_id))
            if job is not None:
                return job
            refused = self.connection.incr(REFUSED_JOBS_KEY)
            log.error("job.refused", queue=self.queue.name, refused=refused)

    def _dequeue(self, timeout: int | None) -> tuple[str | None, Job | None]:
        """Return the id of the next job and the job, if it is one of the service's; None twice if there is none.

        Raises:
            DequeueTimeout, RedisError: no job came in time; the queue server is down.
        """
        try:
            found = Queue.dequeue_any(
                [self.queue],
                timeout,
                connection=self.connection,
                job_class=AllowedJob,
                serializer=JSONSerializer,
                death_penalty_class=self.death_penalty_class,
            )
        except Exception as error:
            if job_id := getattr(error, "job_id", None):  # set by RQ if the value under this id is not a job
                return job_id, None
            raise
        if found is None:
            return None, None
        job, _ = found
        return job.id, job if isinstance(job, AllowedJob) and job.is_allowed(self.queue.name) else None

    def _wait_for_server(self, error: RedisError) -> None:
        if not self._pause_seconds:
            log.error("queue.away", queue=self.queue.name, error=type(error).__name__)
        self._pause_seconds = min(max(SHORTEST_PAUSE_SECONDS, 2 * self._pause_seconds), LONGEST_PAUSE_SECONDS)
        time.sleep(self._pause_seconds)

    def _note_server_is_back(self) -> None:
        if self._pause_seconds:
            self._pause_seconds = 0.0
            log.info("queue.back", queue=self.queue.name)


def work(runtime: Runtime, queue_name: str, *, burst: bool = False) -> None:
    """Work on one queue until told to stop or, in a burst, until it is empty."""
    parts = worker_parts.hold(runtime)
    if queue_name == SEND_QUEUE:
        guard = runtime.old_copy_guard()
        guard.start()
        guard.compare()
    connection = connect(runtime.settings.redis_url, blocking=True)
    try:
        with nullcontext() if burst else WorkerHeartbeat(runtime, queue_name):
            Worker(queue_name, connection).run(burst=burst)
    finally:
        parts.reply_processor.reader.close()
        connection.close()
