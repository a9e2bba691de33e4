"""How well, and how fast, replies are read: ours beside the readers in the field."""
