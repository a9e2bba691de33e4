"""TODO service/flows/people."""
