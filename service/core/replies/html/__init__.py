"""TODO service/core/replies/html."""
