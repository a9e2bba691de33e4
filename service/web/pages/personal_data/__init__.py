"""The pages of what is kept of a person: seeing it, taking it away, bringing it back, and erasing it."""
