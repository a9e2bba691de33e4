"""The cost of a job that does nothing: with our worker, which runs jobs in its own process, and with RQ's that forks.

    python -m bench.workers [--jobs 200]

Both process the same jobs in one run, with the application imported; only the worker class differs.
"""

from __future__ import annotations

import argparse
import time

from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer

import service.runtime  # noqa: F401 - a worker has the app loaded, and a fork has to copy it
from service.dispatch import connect
from tests.harness.servers.servers import running_queue


def nothing(_ids: list[int]) -> None:
    """Do nothing, as a job."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    jobs = parser.parse_args().jobs
    with running_queue() as redis_url:
        ours = _milliseconds_a_job(SimpleWorker, redis_url, jobs)
        forking = _milliseconds_a_job(Worker, redis_url, jobs)
    print(
        f"in-process: {ours:.1f} ms a job   forking: {forking:.1f} ms a job   ratio {forking / ours:.1f}   {jobs} jobs"
    )


def _milliseconds_a_job(worker_class: type[SimpleWorker] | type[Worker], redis_url: str, jobs: int) -> float:
    with connect(redis_url, blocking=True) as connection:
        queue = Queue("bench", connection=connection, serializer=JSONSerializer)
        for _ in range(jobs):
            queue.enqueue("bench.workers.nothing", [1], result_ttl=0)
        worker = worker_class([queue], connection=connection, serializer=JSONSerializer)
        began = time.perf_counter()
        worker.work(burst=True, logging_level="ERROR")
        return (time.perf_counter() - began) * 1000 / jobs


if __name__ == "__main__":
    main()
