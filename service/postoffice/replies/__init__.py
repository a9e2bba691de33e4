"""Replies as mail programs write them, in several languages."""
