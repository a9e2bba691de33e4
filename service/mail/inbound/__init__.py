"""Mail that comes in: posts and MIME to values, and the child processes that read hostile content."""
