"""Commands about people, each by an exact address: their state, their journal, and lists of them."""
