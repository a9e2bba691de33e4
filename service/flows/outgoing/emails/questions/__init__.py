"""The emails that ask a question or answer a reply."""
