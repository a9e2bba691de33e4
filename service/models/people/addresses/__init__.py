"""The tables of addresses: other ones, former ones, and those that must get no mail."""
