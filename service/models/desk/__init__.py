"""The tables of the desk: its signed-in browsers, second factors, and the log of what was done there."""
