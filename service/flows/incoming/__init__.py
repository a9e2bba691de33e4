"""What comes in: mail stored, processed stage by stage and applied; the provider's events."""
