"""The protection of pages: headers, the CSRF guard, and limits on requests."""
