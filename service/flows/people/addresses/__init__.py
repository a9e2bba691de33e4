"""The addresses of a subscriber: other ones that they write from, and changing the one that they have."""
