"""What goes out: planning deliveries, building their emails, and sending them."""
