"""The formats of programs for journals, a module each."""
