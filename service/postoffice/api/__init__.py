"""The provider's API, as far as the service uses it: taking messages, and the account."""
