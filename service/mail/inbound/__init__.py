"""TODO service/mail/inbound."""
