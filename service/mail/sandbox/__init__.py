"""Reading mails, pictures, feeds and journals from strangers, in child processes limited in time and memory."""
