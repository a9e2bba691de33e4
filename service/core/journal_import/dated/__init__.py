"""Formats whose entries are told by their dates alone: plain text and small JSON, from several programs."""
