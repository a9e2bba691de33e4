"""The desk of the writers: it has a sign-in of its own, and shows nobody's words."""
