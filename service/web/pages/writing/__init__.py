"""The pages on which somebody writes: an entry, its changes, its drafts, and its small step."""
