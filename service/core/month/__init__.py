"""The month and the year in a person's own words: what they contain, and what may be shown again."""
