"""The prompt library: its files, their checks, and which prompt a person gets on a day."""
