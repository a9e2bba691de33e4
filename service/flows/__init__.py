"""The flows: one capability a module, given a session and the time, without HTTP or the job queue."""
