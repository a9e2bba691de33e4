"""The ways in: tokens, passkeys, and the kinds of browsers."""
