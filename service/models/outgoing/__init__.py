"""Rows of email that goes out."""
