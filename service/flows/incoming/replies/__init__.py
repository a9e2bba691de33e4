"""Replies: stored, read, classified, and applied to the journal."""
