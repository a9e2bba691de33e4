"""Everything that the service sends: planning deliveries, building their emails and sending them."""
