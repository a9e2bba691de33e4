"""TODO service/models/people."""
