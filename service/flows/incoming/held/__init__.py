"""Mail that waits for a decision: held, set aside, or unreadable; and words that were left out."""
