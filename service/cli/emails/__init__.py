"""Commands about emails: what became of them, holding them, and mail that came in and was set aside."""
