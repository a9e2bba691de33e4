"""The processes behind the job queue: the jobs, the clock, and the worker process."""
