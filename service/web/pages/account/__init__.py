"""The pages of an account: signing up and in, settings, the links in emails, and held mail."""
