"""Tables, constraints, and every query, as class methods named for their intent."""
