"""TODO service/models/incoming."""
