"""The queue side: four-line jobs, the clock that ticks, and the worker process."""
