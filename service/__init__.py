"""Small Steps: one gentle question by email, and a private journal made of the replies."""
