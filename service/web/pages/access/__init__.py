"""The pages of the ways in: signing in, passkeys, signed-in browsers, and links that allow one action."""
