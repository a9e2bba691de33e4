"""The tables of what subscribers agree to and choose."""
