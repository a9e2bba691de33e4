"""What subscribers agree to and choose: consent, how often they are asked, quiet dates, and own questions."""
