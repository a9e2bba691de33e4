"""What the service does, one capability per module; flows take a session and `now`, and know no HTTP or RQ."""
