"""Feeds of blogs: reading RSS, Atom and JSON Feed, knowing a post again, and what becomes of a new one."""
