"""What is kept of a person: telling them all of it, and erasing it."""
