"""Settling emails in doubt by the provider's record, and noticing an old copy of the database."""
