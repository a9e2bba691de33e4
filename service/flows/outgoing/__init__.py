"""TODO service/flows/outgoing."""
