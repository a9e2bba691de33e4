"""Incoming and outgoing email: composing, the provider's API, and reading the provider's posts."""
