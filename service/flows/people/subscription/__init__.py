"""A subscription: signing up, confirming, resting and stopping; and lists of subscribers."""
