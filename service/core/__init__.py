"""Pure computing: no clock, no I/O and no framework; time, random bytes and files come in as arguments."""
