"""Bringing in a journal from a file: the upload, its preview, the import in resumable pieces, and taking it back."""
