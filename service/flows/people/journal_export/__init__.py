"""Taking a journal away: the request, the job that writes the file, its download, and its end after a week."""
