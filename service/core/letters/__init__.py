"""Letters: the writer's posts as one tree of blocks, and the email parts and the page that are written from it."""
