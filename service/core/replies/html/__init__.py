"""HTML bodies: from HTML to lines, and from kept lines to light Markdown."""
