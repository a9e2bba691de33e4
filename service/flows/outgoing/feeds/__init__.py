"""The feeds of blogs: which are read, looking at one, and what becomes of a post."""
