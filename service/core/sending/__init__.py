"""Sending: how fast, when to stop for a domain, what a failure means, and what the DNS must say."""
