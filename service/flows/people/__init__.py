"""What people do: sign up, sign in, write, choose steps, change how often they are written to."""
