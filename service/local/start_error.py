"""The error that stops the local set-up with one line."""

from __future__ import annotations


class StartError(Exception):
    """The local set-up cannot start; the text is one line that tells the person at the terminal what to do."""
