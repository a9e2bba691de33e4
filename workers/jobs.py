"""The jobs: each passes its ids to one flow, and enqueues the deliveries that it plans."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from service.flows.people.subscription import signup
from service.job_queue import BackgroundJob
from workers import worker_parts
from workers.log_errors import log_errors


@log_errors
def send_deliveries(delivery_ids: list[int]) -> None:
    """Send these deliveries."""
    parts = worker_parts.parts()
    report = parts.sender.send(delivery_ids)
    if report.to_enqueue and not worker_parts.stopping():
        parts.runtime.job_queue.enqueue_deliveries(report.to_enqueue)


def process_mail_requests(request_ids: list[int]) -> None:
    """Process these requests for an email, each in its own transaction."""
    _each(_process_mail_request, request_ids)


def process_replies(reply_ids: list[int]) -> None:
    """Process these mails separately, so that an error in one does not affect the others."""
    _each(_process_reply, reply_ids)


def send_writer_mails(mail_ids: list[int]) -> None:
    """Send these mails to the writers, each by itself."""
    _each(_background(BackgroundJob.WRITER_MAILS), mail_ids)


def import_journals(import_ids: list[int]) -> None:
    """Go on with these imports of journal files, each by itself."""
    _each(_background(BackgroundJob.IMPORTS), import_ids)


def export_journals(export_ids: list[int]) -> None:
    """Write these journals as files, each by itself."""
    _each(_background(BackgroundJob.EXPORTS), export_ids)


def erase_subscribers(erasure_ids: list[int]) -> None:
    """Erase the subscribers who asked for it, each by themselves."""
    _each(_background(BackgroundJob.ERASURES), erasure_ids)


def look_at_feeds(feed_ids: list[int]) -> None:
    """Look at these feeds, each by itself."""
    _each(_background(BackgroundJob.FEEDS), feed_ids)


@log_errors
def _process_mail_request(request_ids: list[int]) -> None:
    (request_id,) = request_ids
    runtime = worker_parts.parts().runtime
    with runtime.database.write() as session:
        planned = signup.process_mail_request(session, runtime.keyring, request_id, runtime.clock())
    runtime.job_queue.enqueue_deliveries(planned)


@log_errors
def _process_reply(reply_ids: list[int]) -> None:
    (reply_id,) = reply_ids
    parts = worker_parts.parts()
    parts.runtime.job_queue.enqueue_deliveries(parts.reply_processor.process(reply_id))


def _background(job: BackgroundJob) -> Callable[[list[int]], None]:
    """Return the work of a job of the queue `jobs` for one id."""

    def run(ids: list[int]) -> None:
        (id_,) = ids
        parts = worker_parts.parts()
        parts.runtime.job_queue.enqueue_deliveries(parts.background_work[job](id_))

    run.__name__ = job.value
    return log_errors(run)


def _each(job: Callable[[list[int]], None], ids: Iterable[int]) -> None:
    """Run a job for one id after another; after a stop signal, leave the rest to the sweep."""
    for id_ in ids:
        if worker_parts.stopping():
            return
        job([id_])
