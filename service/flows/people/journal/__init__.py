"""A journal: writing, changing, tagging and finding entries, looking back, and small steps."""
