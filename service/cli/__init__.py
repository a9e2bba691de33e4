"""The command `smallsteps`: everything that whoever runs the place does on the server."""
