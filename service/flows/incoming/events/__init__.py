"""The provider's events and bounces, and what follows from them."""
