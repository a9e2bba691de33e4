"""Email in and out: composing, the provider's API, and reading what the provider posts."""
