"""The ways in: links in emails, passkeys, signed-in browsers, and requests for an email from a page."""
