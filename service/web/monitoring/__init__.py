"""What whoever runs the service sees of it: health checks, the status for monitors, and metrics."""
