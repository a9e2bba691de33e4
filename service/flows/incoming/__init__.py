"""Everything that comes in: mail from subscribers, which is stored and then processed, and events of the provider."""
