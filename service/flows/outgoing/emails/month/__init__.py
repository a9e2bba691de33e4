"""The emails about a month or a year."""
