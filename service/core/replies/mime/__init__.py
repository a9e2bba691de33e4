"""TODO service/core/replies/mime."""
