"""The tables of incoming mail."""
