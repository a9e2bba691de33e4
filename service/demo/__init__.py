"""The demo: a month of one made-up person, with real mail on this machine and a moved clock."""
