"""The worker class: RQ's in-process worker, which is told of a stop in the middle of a job.

A job is a chunk of a thousand deliveries or a few mails, so a fork for each would only cost the database and provider
connections again; what must be killable, parsing, runs in a child of its own (decision 0017).
"""

from __future__ import annotations

import structlog
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from service.dispatch import REFUSED_JOBS_KEY, connect
from service.runtime import Runtime
from workers import worker_parts
from workers.allowed_job import AllowedJob

log = structlog.get_logger()


class Worker(SimpleWorker):
    """Works in this process; on SIGTERM the job under way puts back what it has not handed over and ends."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job of the service; remove every other one, count it, and log it without its name."""
        if isinstance(job, AllowedJob) and job.is_allowed(queue.name):
            super().execute_job(job, queue)
            return
        queue.intermediate_queue.remove(job.id)
        self.connection.delete(job.key)
        refused = self.connection.incr(REFUSED_JOBS_KEY)
        log.error("job.refused", queue=queue.name, refused=refused)

    def handle_warm_shutdown_request(self) -> None:
        """Tell the job under way that nothing may be claimed or handed over any more."""
        worker_parts.stop()


def work(runtime: Runtime, queue_name: str, *, burst: bool = False) -> None:
    """Work on one queue until told to stop or, in a burst, until it is empty."""
    parts = worker_parts.hold(runtime)
    connection = connect(runtime.settings.redis_url, blocking=True)
    queue = Queue(queue_name, connection=connection, serializer=JSONSerializer, job_class=AllowedJob)
    worker = Worker(
        [queue], connection=connection, serializer=JSONSerializer, job_class=AllowedJob, log_job_description=False
    )
    try:
        worker.work(burst=burst, logging_level="WARNING", with_scheduler=False)
    finally:
        parts.reply_processor.reader.close()
        connection.close()
