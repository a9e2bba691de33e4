"""The tables of the ways in: signed-in browsers, passkeys, and emails requested on a page."""
