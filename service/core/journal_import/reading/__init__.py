"""What reading a file of any program needs: its members, JSON, HTML, SQLite, local days, and the values it yields."""
