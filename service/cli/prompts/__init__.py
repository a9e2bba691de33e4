"""Commands about prompts: the library's, and the writers' own."""
