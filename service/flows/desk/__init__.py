"""The desk: where the writers see how the service is doing, without anybody's words, and act."""
