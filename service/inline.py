"""The work of the clock and the workers, done in this process for a given instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from service.flows.checks.before_letters import pause_over_failures
from service.flows.incoming.replies.process import ReplyProcessor
from service.flows.outgoing.sending.send import Sender
from service.flows.outgoing.tick import tick
from service.flows.people.subscription import signup
from service.job_queue import InMemoryQueue
from service.runtime import Runtime


class InlineWorker:
    """Processes the jobs of an in-memory queue, in this process, until none is left."""

    def __init__(self, runtime: Runtime, queue: InMemoryQueue) -> None:
        self.runtime, self.queue = runtime, queue
        self.sender: Sender = runtime.sender()
        self.replies: ReplyProcessor = runtime.reply_processor()
        self.background_work = runtime.background_work()

    def work(self) -> dict[str, int]:
        """Process all jobs; return how many deliveries reached each state."""
        counts: dict[str, int] = {}
        self.runtime.keep_library_fresh()
        while any(self.queue.count_waiting().values()):
            self._process_mail_requests()
            self._process_replies()
            self._work_in_background()
            ids, self.queue.deliveries = self.queue.deliveries, []
            for state, number in self.sender.send(ids).counts.items():
                counts[state] = counts.get(state, 0) + number
        return counts

    def close(self) -> None:
        """End the reading process, and write the counts."""
        self.replies.reader.close()
        self.runtime.write_counts()

    def _process_mail_requests(self) -> None:
        ids, self.queue.mail_requests = self.queue.mail_requests, []
        for request_id in ids:
            with self.runtime.database.write() as session:
                planned = signup.process_mail_request(session, self.runtime.keyring, request_id, self.runtime.clock())
            self.queue.enqueue_deliveries(planned)

    def _process_replies(self) -> None:
        ids, self.queue.replies = self.queue.replies, []
        for reply_id in ids:
            self.queue.enqueue_deliveries(self.replies.process(reply_id))

    def _work_in_background(self) -> None:
        jobs, self.queue.background = self.queue.background, {}
        for job, ids in jobs.items():
            for id_ in ids:
                self.queue.enqueue_deliveries(self.background_work[job](id_))


def tick_inline(runtime: Runtime, *, at: datetime | None, send: bool) -> dict[str, int]:
    """Return what a tick at an instant planned and, with `send`, how many deliveries then reached each state."""
    now = at or runtime.clock()
    if send and at is None:
        guard = runtime.old_copy_guard()
        guard.start()
        guard.compare()
    if at is not None:
        runtime = replace(runtime, clock=lambda: now)
    runtime.keep_library_fresh()
    pause_over_failures(runtime.doctor(), runtime.keyring, now)
    done = tick(runtime.database, runtime.library, runtime.job_queue, now=now, chunk=runtime.settings.chunk_size)
    result = {"planned": done.planned, "enqueued again": done.enqueued_again, "unknown": done.unknown}
    if send and isinstance(runtime.job_queue, InMemoryQueue):
        worker = InlineWorker(runtime, runtime.job_queue)
        result |= worker.work()
        worker.close()
    return result
