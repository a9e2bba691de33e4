"""TODO service/web/pages."""
