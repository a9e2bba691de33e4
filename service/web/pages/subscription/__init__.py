"""The pages of a subscription: signing up, confirming, resting and stopping."""
