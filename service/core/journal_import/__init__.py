"""Journals of other services: finding out what a file is, and reading its entries as one common value."""
