"""The desk: where the writers see how the service does, without anybody's words, and act."""
