"""Pure computing: no clock, no I/O, no framework; time, random bytes and files come in as arguments."""
