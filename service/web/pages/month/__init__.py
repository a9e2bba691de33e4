"""The pages of a month and of a year: the digest, the year, and a month as a file."""
