"""A month in a minute: one made-up person, real mail on this machine, a moved clock."""
