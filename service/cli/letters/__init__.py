"""Commands about letters and the feeds they are made from."""
