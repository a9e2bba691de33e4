"""Running everything on one machine: processes, queue server, secrets and ports."""
