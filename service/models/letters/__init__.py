"""The tables of letters, the writer's own posts that go out by email."""
