"""Email in and out: composing, the provider gateway, and reading what the provider posts."""
