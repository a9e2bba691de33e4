"""The parts of a journal: the text of an entry, its photos, its tags, and small steps."""
