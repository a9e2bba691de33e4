"""Sending what is planned: in batches, within the provider's limits, and not to domains that refuse us."""
