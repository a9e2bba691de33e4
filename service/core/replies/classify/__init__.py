"""TODO service/core/replies/classify."""
