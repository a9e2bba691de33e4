"""Raw mail: its headers, bodies and attachments, within fixed limits."""
