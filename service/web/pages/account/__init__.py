"""The pages around the journal: signing up and in, settings, the links of emails, and mail that is held."""
