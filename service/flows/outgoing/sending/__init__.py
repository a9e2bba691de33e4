"""Sending planned deliveries: in batches, within the provider's limits, and not to domains that refuse our mail."""
