"""TODO service/core/replies/quotation."""
