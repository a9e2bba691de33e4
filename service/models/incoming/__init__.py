"""Rows of mail that came in."""
