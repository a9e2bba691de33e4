"""Running everything on one machine: the processes, their queue, their secrets and their ports."""
