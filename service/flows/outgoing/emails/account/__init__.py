"""The emails about an account: ways in, addresses, notices, and the goodbye."""
