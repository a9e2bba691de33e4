"""Planning what the schedule owes: prompts, digests, and the extra prompt that somebody asks for."""
