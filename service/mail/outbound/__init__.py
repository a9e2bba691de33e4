"""Email that goes out: composed, rendered, and sent through the provider."""
