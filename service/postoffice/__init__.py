"""The local post office: a stand-in for Mailgun that keeps mail, shows it, and posts replies."""
