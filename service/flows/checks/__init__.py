"""Checks of the whole set-up: at the provider, in the DNS, and of the service itself."""
