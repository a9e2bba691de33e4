"""The pages of a journal: reading, searching, writing, months and years, and small steps."""
