"""One capability each: they take a session and the time, and know nothing of HTTP or the queue."""
