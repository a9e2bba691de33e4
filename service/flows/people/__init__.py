"""What subscribers do with their account and their journal, on pages and by mail."""
