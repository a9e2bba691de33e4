"""The pages of addresses: other ones, changing one's own, and mail that is held until its sender is known."""
