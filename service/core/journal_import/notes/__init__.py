"""The formats of programs for notes, of which only a diary's notes come in."""
