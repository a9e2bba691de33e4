"""The job class of the workers: it runs only the service's own jobs, whatever is in the queue.

RQ imports the function and the callbacks that a job names, and calls its webhooks. Without this class, somebody
who can write to the queue could run code in a process that holds the encryption keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rq.exceptions import DeserializationError
from rq.job import Job

from service.dispatch import (
    BACKGROUND_JOBS,
    IDS_A_JOB,
    JOBS_QUEUE,
    MAIL_REQUEST_JOB,
    RECEIVE_QUEUE,
    REPLY_JOB,
    SEND_JOB,
    SEND_QUEUE,
)
from workers import jobs

FUNCTIONS = {
    SEND_JOB: jobs.send_deliveries,
    MAIL_REQUEST_JOB: jobs.process_mail_requests,
    REPLY_JOB: jobs.process_replies,
    **{name: getattr(jobs, job) for job, name in BACKGROUND_JOBS.items()},
}
JOBS_OF_QUEUE = {
    SEND_QUEUE: frozenset({SEND_JOB}),
    RECEIVE_QUEUE: frozenset({MAIL_REQUEST_JOB, REPLY_JOB}),
    JOBS_QUEUE: frozenset(BACKGROUND_JOBS.values()),
}
# Fields of a stored job by which RQ would import a name, call an address, or run the job again.
FIELDS_NOT_READ = (
    *(b"success_callback_name", b"failure_callback_name", b"stopped_callback_name"),
    *(b"webhooks", b"repeats_left", b"repeat_intervals", b"retries_left", b"retry_intervals"),
    *(b"dependency_ids", b"dependency_id", b"group_id", b"rate_limit_key", b"rate_limit_concurrency"),
)
MAX_ID = 2**63 - 1


class AllowedJob(Job):
    """A job of which only the function's name and the ids are read."""

    def restore(self, raw_data: Mapping[bytes, Any]) -> Any:
        """Restore the job from its stored fields, without those that name code or URLs."""
        return super().restore({name: value for name, value in raw_data.items() if name not in FIELDS_NOT_READ})

    @property
    def func(self) -> Any:
        """Return the job's function from the list.

        Raises:
            KeyError: the job names another function.
        """
        return FUNCTIONS[self.func_name or ""]

    def is_allowed(self, queue: str) -> bool:
        """Return whether this is one of the service's jobs for that queue, with only a list of ids."""
        try:
            name, instance, args, kwargs = self.func_name, self.instance, self.args, self.kwargs
        except DeserializationError:
            return False
        return (
            isinstance(name, str)
            and name in JOBS_OF_QUEUE.get(queue, ())
            and not instance
            and not kwargs
            and isinstance(args, list)
            and len(args) == 1
            and _are_ids(args[0])
        )


def _are_ids(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= IDS_A_JOB
        and all(type(id_) is int and 0 < id_ <= MAX_ID for id_ in value)
    )
