"""TODO service/core/month."""
