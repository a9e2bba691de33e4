"""TODO service/models/outgoing."""
