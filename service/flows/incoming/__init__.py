"""TODO service/flows/incoming."""
