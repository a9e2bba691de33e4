"""Checking whether a port is free, and whether a server answers there."""

from __future__ import annotations

import errno
import http.client
import socket
from pathlib import Path
from urllib.parse import urlsplit

from service.local.start_error import StartError

HOST = "127.0.0.1"
HOST_IN_BROWSERS = "localhost"  # the same machine by name: browsers make passkeys for names only
PROBE_SECONDS = 2.0
_LAST_PRIVILEGED, _PORTS = 1023, 65536


def require_free(port: int, *, setting: str) -> None:
    """Check that this port can be used; `setting` is the environment variable that chooses another.

    Raises:
        StartError: another program uses the port, or this user may not use it.
    """
    if (error := _try(port)) is not None:
        why = "in use, perhaps by Small Steps in another window" if error == errno.EADDRINUSE else "not ours to use"
        other = next((free for free in range(max(port, _LAST_PRIVILEGED) + 1, _PORTS) if _try(free) is None), 0)
        raise StartError(f"Port {port} is {why}. `{setting}=http://{HOST_IN_BROWSERS}:{other} make run` uses another.")


def answers_http(url: str) -> bool:
    """Return whether a web server answers at this http:// URL, with any status."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or HOST, parts.port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", parts.path or "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def answers_socket(path: Path) -> bool:
    """Return whether a server listens on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PROBE_SECONDS)
        return probe.connect_ex(str(path)) == 0


def _try(port: int) -> int | None:
    """Return None if this port can be used, else the error number."""
    with socket.socket() as probe:
        # Like servers: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return error.errno
    return None
