"""Monitoring for the operator: health checks, the status for monitors, and metrics."""
