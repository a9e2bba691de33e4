"""The tables of the feeds of blogs, and of the posts that were seen in them."""
