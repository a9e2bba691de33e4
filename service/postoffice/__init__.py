"""A local stand-in for Mailgun: keeps mail, shows it, and posts replies as a route would."""
