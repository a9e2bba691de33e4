"""How well and how fast replies are read: our reader and those of other projects."""
