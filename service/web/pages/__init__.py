"""The pages: one module per capability, with the same names as the flows they call."""
