"""Forms: parsing them, their files and sizes, and what is sent twice, too early, or refused."""
