"""The queue's side: the jobs, the clock, and the worker process."""
