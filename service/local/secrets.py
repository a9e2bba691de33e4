"""The settings of the local set-up: generated secrets, and paths in var/."""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from pathlib import Path

from dotenv import dotenv_values

from service.local.start_error import StartError

ENVIRONMENT_FILE = "local.env"
HEADER = """\
# Made once for this machine by `smallsteps up`. Keep it with var/smallsteps.db: without ENCRYPTION_KEYS
# nobody can read what is in there. What .env or the environment says counts more.
"""


def ensure_local_environment(var: Path) -> dict[str, str]:
    """Return the settings in var/local.env; creates it with new secrets if it is missing, for this user only.

    Raises:
        StartError: var/ or the file cannot be written or read.
    """
    file = var / ENVIRONMENT_FILE
    try:
        _make_writable(var)
        if not file.exists():
            _write_once(file, _fresh_settings())
        return {name: value for name, value in dotenv_values(file, interpolate=False).items() if value is not None}
    except OSError as error:
        raise StartError(f"{var} cannot be used: {error.strerror}. It must be a folder that you may write.") from None


def _make_writable(var: Path) -> None:
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=var):
        pass


def _fresh_settings() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "MAILGUN_API_KEY": secrets.token_hex(24),
        "MAILGUN_SIGNING_KEY": secrets.token_hex(24),
        "MAILGUN_API_URL": "http://127.0.0.1:8025",
        "MAILGUN_DOMAIN": "mail.smallsteps.example",
        "MAIL_FROM": "hello@mail.smallsteps.example",
        "REPLY_DOMAIN": "reply.smallsteps.example",
        "BASE_URL": "http://localhost:8000",
        "POSTAL_ADDRESS": "1 Example Street, Example Town",
        "WRITER_EMAILS": "writer@smallsteps.example",
    }


def _write_once(file: Path, settings: dict[str, str]) -> None:
    """Write the file atomically and durably; if two starts race, both use the first one's."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".local-", text=True)  # created with mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as writing:
            writing.write(HEADER + "".join(f"{key}='{value}'\n" for key, value in settings.items()))
            writing.flush()
            os.fsync(writing.fileno())
        file.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
