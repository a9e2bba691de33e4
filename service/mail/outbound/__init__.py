"""TODO service/mail/outbound."""
