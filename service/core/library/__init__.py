"""TODO service/core/library."""
