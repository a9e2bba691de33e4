"""Incoming mail: parsing posts and MIME, and the child processes that read untrusted content."""
