"""The tables of a journal: entries, drafts, photos and small steps."""
