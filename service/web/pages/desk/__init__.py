"""The desk of the writers: signed in apart from the journals, without anybody's words."""
