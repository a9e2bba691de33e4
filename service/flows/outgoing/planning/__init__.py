"""Planning what is due by schedule: prompts and digests; and the extra prompts that subscribers ask for."""
