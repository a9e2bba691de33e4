"""The tables of subscribers and of what belongs to them."""
