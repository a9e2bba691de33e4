"""Rows of subscribers, and of what belongs to them."""
