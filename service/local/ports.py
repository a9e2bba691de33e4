"""Whether a port is free, and whether a server answers there."""

from __future__ import annotations

import errno
import http.client
import socket
from pathlib import Path
from urllib.parse import urlsplit

from service.local.start_error import StartError

HOST = "127.0.0.1"
PROBE_SECONDS = 2.0


def require_free(port: int, *, option: str, setting: str) -> None:
    """Return when this port can be listened on; the option and the setting tell how to choose another.

    Raises:
        StartError: another program has it, or it is not ours to take.
    """
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            why = "is taken by another program" if error.errno == errno.EADDRINUSE else "is not ours to use"
            raise StartError(f"Port {port} {why}. Choose another with {option} or in {setting}.") from None


def answers_http(url: str) -> bool:
    """Return whether a web server answers at this http:// address, with whatever page."""
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
