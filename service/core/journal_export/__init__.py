"""A journal as this service gives it away: the values of journal.json, which its import reads back."""
