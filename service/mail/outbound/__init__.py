"""Outgoing email: composed, rendered, and sent through the provider."""
