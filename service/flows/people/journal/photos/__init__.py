"""The photos of a journal: stored, added, changed, and removed."""
