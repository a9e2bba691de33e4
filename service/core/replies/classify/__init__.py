"""What a mail is apart from its words: automatic mail, bounce reports, and commands."""
