"""The table of deliveries, and all that changes and finds its rows."""
