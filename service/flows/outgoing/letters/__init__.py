"""Letters: drafts, freezing, planning, and what becomes of them."""
